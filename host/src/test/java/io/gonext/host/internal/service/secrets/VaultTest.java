package io.gonext.host.internal.service.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.ConflictException;
import io.gonext.host.Database;
import io.gonext.host.MasterKey;
import io.gonext.host.StoreException;
import io.gonext.host.StoredVersion;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.SecretStore;
import io.gonext.host.internal.store.StoreFixture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets of plugins, on each database. */
@ParameterizedClass
@EnumSource
class VaultTest {
  @TempDir private Path directory;
  @TempDir private Path keys;
  private final Database database;
  private final MasterKey key = MasterKey.random();
  private PluginStore store;
  private Vault vault;

  VaultTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() {
    store = PluginStore.open(directory, database);
    for (String plugin : new String[] {"shop", "mail"}) {
      store.insert(
          plugin,
          new StoredVersion("1.0.0", "ab".repeat(32), Instant.parse("2026-01-01T12:00:00Z")),
          new byte[] {1});
    }
    vault = open(key);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void a_secret_that_was_set_is_read_by_its_plugin_alone() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    assertThat(value(vault, "shop", "API_KEY")).isEqualTo("geheim");
    assertThat(vault.value("shop", "OTHER")).isEmpty();
    assertThat(vault.value("mail", "API_KEY")).isEmpty();
    assertThat(vault.names("shop")).containsExactly("API_KEY");
    assertThat(vault.setAt("shop")).containsOnlyKeys("API_KEY");
  }

  @Test
  void a_new_value_takes_the_place_of_the_old_one() {
    vault.set("shop", "API_KEY", bytes("old"));
    vault.set("shop", "API_KEY", bytes("new"));
    assertThat(value(vault, "shop", "API_KEY")).isEqualTo("new");
  }

  @Test
  void a_deleted_secret_is_gone() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    assertThat(vault.delete("shop", "API_KEY")).isTrue();
    assertThat(vault.delete("shop", "API_KEY")).isFalse();
    assertThat(vault.value("shop", "API_KEY")).isEmpty();
  }

  @Test
  void another_host_with_the_same_key_reads_them() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    assertThat(value(open(key), "shop", "API_KEY")).isEqualTo("geheim");
  }

  @Test
  void a_host_with_another_key_does_not_start() {
    open(MasterKey.random());
    vault.set("shop", "API_KEY", bytes("geheim"));
    assertThatThrownBy(() -> open(MasterKey.random()))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("GONEXT_MASTER_KEY");
  }

  @Test
  void two_hosts_with_different_keys_cannot_both_set_a_secret() {
    Vault other = open(MasterKey.random());
    vault.set("shop", "API_KEY", bytes("geheim"));
    assertThatThrownBy(() -> other.set("mail", "PASSWORD", bytes("x")))
        .isInstanceOf(StoreException.class);
    assertThat(vault.names("mail")).isEmpty();
  }

  @Test
  void the_store_holds_no_plain_value() {
    vault.set("shop", "API_KEY", bytes("geheimgeheim"));
    SecretStore.Sealed sealed = store.secrets().read("shop");
    for (byte[] content : sealed.contents().values()) {
      assertThat(new String(content, StandardCharsets.ISO_8859_1)).doesNotContain("geheim");
    }
  }

  @Test
  void a_content_moved_to_another_name_or_plugin_is_not_decrypted() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    byte[] content = Objects.requireNonNull(store.secrets().read("shop").contents().get("API_KEY"));
    byte[] wrapped = Objects.requireNonNull(store.secrets().read("shop").dataKey());
    store
        .secrets()
        .set("shop", "OTHER", wrapped, _ -> content, new KeyWrap(key).check(), _ -> true);
    store
        .secrets()
        .set("mail", "API_KEY", wrapped, _ -> content, new KeyWrap(key).check(), _ -> true);
    vault.refresh("shop");
    vault.refresh("mail");
    assertThatThrownBy(() -> vault.value("shop", "OTHER")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> vault.value("mail", "API_KEY")).isInstanceOf(StoreException.class);
  }

  @Test
  void after_a_rotation_the_new_master_key_reads_all_secrets_and_the_old_one_none() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    vault.set("mail", "PASSWORD", bytes("auch"));
    MasterKey next = MasterKey.random();
    assertThat(open(key, next).rotate()).containsExactly("mail", "shop");
    Vault reopened = open(next);
    assertThat(value(reopened, "shop", "API_KEY")).isEqualTo("geheim");
    assertThat(value(reopened, "mail", "PASSWORD")).isEqualTo("auch");
    assertThatThrownBy(() -> open(key)).isInstanceOf(StoreException.class);
  }

  @Test
  void a_host_with_both_master_keys_works_before_and_after_a_rotation_elsewhere() {
    MasterKey next = MasterKey.random();
    vault.set("shop", "API_KEY", bytes("geheim"));
    Vault follows = open(key, next);
    assertThat(value(follows, "shop", "API_KEY")).isEqualTo("geheim");
    open(key, next).rotate();
    follows.refresh("shop");
    assertThat(value(follows, "shop", "API_KEY")).isEqualTo("geheim");
    follows.set("mail", "PASSWORD", bytes("auch"));
    assertThat(value(open(next), "mail", "PASSWORD")).isEqualTo("auch");
  }

  @Test
  void a_host_that_has_only_the_old_master_key_sets_no_secret_after_a_rotation() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    open(key, MasterKey.random()).rotate();
    assertThatThrownBy(() -> vault.set("shop", "API_KEY", bytes("neu")))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("another master key");
  }

  @Test
  void a_rotation_may_be_repeated() {
    vault.set("shop", "API_KEY", bytes("geheim"));
    MasterKey next = MasterKey.random();
    open(key, next).rotate();
    assertThat(open(key, next).rotate()).containsExactly("shop");
    assertThat(value(open(next), "shop", "API_KEY")).isEqualTo("geheim");
  }

  @Test
  void a_rotation_without_a_next_master_key_is_refused() {
    assertThatThrownBy(() -> vault.rotate())
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("--next-master-key-file");
  }

  @Test
  void a_rotation_before_the_first_secret_holds_for_it() {
    MasterKey next = MasterKey.random();
    assertThat(open(key, next).rotate()).isEmpty();
    open(key, next).set("shop", "API_KEY", bytes("geheim"));
    assertThat(value(open(next), "shop", "API_KEY")).isEqualTo("geheim");
  }

  @Test
  void a_host_with_a_key_of_its_own_makes_the_next_one_itself() throws IOException {
    Vault own = Vault.open(store.secrets(), new MasterKeys.InFiles(keys));
    own.set("shop", "API_KEY", bytes("geheim"));
    byte[] before = Files.readAllBytes(keys.resolve("master.key"));
    own.rotate();
    assertThat(Files.readAllBytes(keys.resolve("master.key"))).isNotEqualTo(before);
    assertThat(keys.resolve("master.key.next")).doesNotExist();
    own.refresh("shop");
    assertThat(value(own, "shop", "API_KEY")).isEqualTo("geheim");
    Vault reopened = Vault.open(store.secrets(), new MasterKeys.InFiles(keys));
    assertThat(value(reopened, "shop", "API_KEY")).isEqualTo("geheim");
  }

  @Test
  void a_rotation_that_was_killed_before_its_commit_did_not_happen() throws IOException {
    Vault own = Vault.open(store.secrets(), new MasterKeys.InFiles(keys));
    own.set("shop", "API_KEY", bytes("geheim"));
    byte[] before = Files.readAllBytes(keys.resolve("master.key"));
    new MasterKeys.InFiles(keys).prepareNext();

    Vault reopened = Vault.open(store.secrets(), new MasterKeys.InFiles(keys));
    assertThat(value(reopened, "shop", "API_KEY")).isEqualTo("geheim");
    assertThat(Files.readAllBytes(keys.resolve("master.key"))).isEqualTo(before);
    reopened.rotate();
    assertThat(Files.readAllBytes(keys.resolve("master.key"))).isNotEqualTo(before);
  }

  @Test
  void a_rotation_that_was_killed_after_its_commit_is_finished_at_the_next_start()
      throws IOException {
    MasterKeys.InFiles files = new MasterKeys.InFiles(keys);
    Vault.open(store.secrets(), files).set("shop", "API_KEY", bytes("geheim"));
    // What such a process leaves behind: the new key in the store, and its file not yet in place.
    open(files.current(), files.prepareNext()).rotate();
    byte[] next = Files.readAllBytes(keys.resolve("master.key.next"));

    Vault reopened = Vault.open(store.secrets(), new MasterKeys.InFiles(keys));
    assertThat(value(reopened, "shop", "API_KEY")).isEqualTo("geheim");
    assertThat(Files.readAllBytes(keys.resolve("master.key"))).isEqualTo(next);
    assertThat(keys.resolve("master.key.next")).doesNotExist();
  }

  @Test
  void a_plugin_that_is_not_installed_gets_no_secret() {
    assertThatThrownBy(() -> vault.set("nobody", "API_KEY", bytes("geheim")))
        .isInstanceOf(UnknownPluginException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "geheim", "AAAA", "!!!!"})
  void what_is_not_32_bytes_in_base64_is_not_a_master_key(String text) {
    assertThatThrownBy(() -> MasterKey.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("geheim");
  }

  @Test
  void a_master_key_is_read_with_the_line_break_of_its_file() {
    String text = Base64.getEncoder().encodeToString(new byte[32]) + "\n";
    assertThat(MasterKey.parse(text).secretKey().getEncoded()).isEqualTo(new byte[32]);
  }

  private Vault open(MasterKey current) {
    return Vault.open(store.secrets(), new MasterKeys.Given(current, Optional.empty()));
  }

  private Vault open(MasterKey current, MasterKey next) {
    return Vault.open(store.secrets(), new MasterKeys.Given(current, Optional.of(next)));
  }

  private static String value(Vault vault, String plugin, String name) {
    return new String(vault.value(plugin, name).orElseThrow(), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
