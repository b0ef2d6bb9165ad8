package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.Database;
import io.gonext.host.StoredVersion;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Configurations in the store, on each database. */
@ParameterizedClass
@EnumSource
class ConfigStoreTest {
  private static final String NAME = "my-plugin";
  private static final StoredVersion FIRST =
      new StoredVersion("1.0.0", "ab".repeat(32), Instant.parse("2026-01-01T12:00:00Z"));

  @TempDir private Path directory;
  private final Database database;
  private PluginStore store;
  private ConfigStore configurations;

  ConfigStoreTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() {
    store = PluginStore.open(directory, database);
    configurations = store.configurations();
    store.insert(NAME, FIRST, new byte[] {1});
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void a_plugin_starts_with_an_empty_configuration_of_version_0() {
    assertStored(0, "{}");
  }

  @Test
  void a_plugin_that_is_not_installed_has_no_configuration() {
    assertThat(configurations.read("other-one")).isEmpty();
    assertThat(configurations.replace("other-one", 0, bytes("{}"))).isEmpty();
  }

  @Test
  void a_change_raises_the_version_and_survives_a_restart() {
    assertThat(configurations.replace(NAME, 0, bytes("{\"a\":1}"))).hasValue(1);
    assertThat(configurations.replace(NAME, 1, bytes("{\"a\":2}"))).hasValue(2);
    store.close();
    store = PluginStore.open(directory, database);
    configurations = store.configurations();
    assertStored(2, "{\"a\":2}");
  }

  @Test
  void a_change_of_an_older_version_is_not_made() {
    assertThat(configurations.replace(NAME, 0, bytes("{\"a\":1}"))).hasValue(1);
    assertThat(configurations.replace(NAME, 0, bytes("{\"a\":2}"))).isEmpty();
    assertStored(1, "{\"a\":1}");
  }

  @Test
  void other_hosts_see_that_a_plugin_was_configured() {
    try (StoreChanges changes = store.changes()) {
      assertThat(changes.take()).containsExactly(NAME);
      assertThat(changes.take()).isEmpty();
      configurations.replace(NAME, 0, bytes("{\"a\":1}"));
      assertThat(changes.take()).containsExactly(NAME);
    }
  }

  @Test
  void a_plugin_that_is_uninstalled_takes_its_configuration_with_it() {
    configurations.replace(NAME, 0, bytes("{\"a\":1}"));
    assertThat(store.delete(store.find(NAME).orElseThrow(), false)).isTrue();
    store.insert(NAME, FIRST, new byte[] {1});
    assertStored(0, "{}");
  }

  private void assertStored(long version, String json) {
    ConfigStore.Stored stored = configurations.read(NAME).orElseThrow();
    assertThat(stored.version()).isEqualTo(version);
    assertThat(new String(stored.json(), StandardCharsets.UTF_8)).isEqualTo(json);
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }
}
