package io.gonext.host.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.failure.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginStoreTest {
  private static final StoredPlugin PLUGIN =
      new StoredPlugin("my-plugin", "1.0.0", "ab".repeat(32), PluginState.INSTALLED);

  @TempDir private Path directory;

  @Test
  void what_was_stored_is_there_after_a_restart() {
    byte[] bundle = new byte[3 << 20];
    bundle[12_345] = 7;
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(store.insert(PLUGIN, bundle)).isTrue();
      assertThat(store.changeState("my-plugin", PluginState.INSTALLED, PluginState.ACTIVE))
          .isTrue();
    }
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(store.list())
          .containsExactly(
              new StoredPlugin("my-plugin", "1.0.0", "ab".repeat(32), PluginState.ACTIVE));
      assertThat(store.bundle("my-plugin").orElseThrow()).isEqualTo(bundle);
    }
  }

  @Test
  void a_name_is_taken_once() {
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(store.insert(PLUGIN, new byte[] {1})).isTrue();
      assertThat(store.insert(PLUGIN, new byte[] {2})).isFalse();
      assertThat(store.bundle("my-plugin").orElseThrow()).containsExactly(1);
    }
  }

  @Test
  void a_state_changes_only_from_the_one_that_was_expected() {
    try (PluginStore store = PluginStore.open(directory)) {
      store.insert(PLUGIN, new byte[] {1});
      assertThat(store.changeState("my-plugin", PluginState.ACTIVE, PluginState.INACTIVE))
          .isFalse();
      assertThat(store.find("my-plugin").orElseThrow().state()).isEqualTo(PluginState.INSTALLED);
      assertThat(store.changeState("other", PluginState.INSTALLED, PluginState.ACTIVE)).isFalse();
    }
  }

  @Test
  void what_was_deleted_is_gone() {
    try (PluginStore store = PluginStore.open(directory)) {
      store.insert(PLUGIN, new byte[] {1});
      assertThat(store.delete("my-plugin")).isTrue();
      assertThat(store.delete("my-plugin")).isFalse();
      assertThat(store.find("my-plugin")).isEmpty();
      assertThat(store.bundle("my-plugin")).isEmpty();
      assertThat(store.list()).isEmpty();
    }
  }

  @Test
  void a_store_that_is_no_directory_is_named_with_the_way_out() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> PluginStore.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("--data");
  }

  @Test
  void a_damaged_store_is_refused_in_one_sentence() throws IOException {
    Files.write(directory.resolve("gonext.mv.db"), new byte[8192]);
    assertThatThrownBy(() -> PluginStore.open(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(directory.toString());
  }
}
