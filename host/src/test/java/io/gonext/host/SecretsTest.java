package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The secrets of a plugin: an operator sets them, only the plugin reads them. */
class SecretsTest {
  private static final String VALUE = "geheim-7Qx";

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(data);
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void a_guest_reads_a_secret_that_its_manifest_names() throws Exception {
    activate("[\"API_KEY\"]");
    assertThat(read("API_KEY")).isEqualTo("-4");
    set("API_KEY", VALUE);
    assertThat(read("API_KEY")).isEqualTo("\"" + VALUE + "\"");
    set("API_KEY", "another");
    assertThat(read("API_KEY")).isEqualTo("\"another\"");
    host.secrets().delete("settings", "API_KEY");
    assertThat(read("API_KEY")).isEqualTo("-4");
  }

  @Test
  void a_guest_cannot_read_a_secret_that_its_manifest_does_not_name() throws Exception {
    activate("[\"API_KEY\"]");
    assertThat(read("OTHER")).isEqualTo("-1");
    assertThatThrownBy(() -> set("OTHER", VALUE))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("it asks for API_KEY");
  }

  @Test
  void a_guest_without_the_grant_cannot_read_a_secret() throws Exception {
    host.plugins().install(bundle("[\"API_KEY\"]"));
    host.plugins().activate("settings");
    set("API_KEY", VALUE);
    assertThat(read("API_KEY")).isEqualTo("-1");
  }

  @Test
  void a_guest_cannot_read_a_secret_that_is_inject_only() throws Exception {
    activate(
        "[{\"name\":\"API_KEY\",\"inject_only\":true,\"hosts\":[\"https://api.example.com\"]}]");
    set("API_KEY", VALUE);
    assertThat(read("API_KEY")).isEqualTo("-1");
    SecretInfo shown = host.secrets().list("settings").getFirst();
    assertThat(shown.injectOnly()).isTrue();
    assertThat(shown.hosts()).containsExactly("https://api.example.com");
  }

  @Test
  void a_plugin_starts_only_when_its_required_secrets_have_values() throws Exception {
    host.plugins().install(bundle("[{\"name\":\"API_KEY\",\"required\":true}]"));
    assertThatThrownBy(() -> host.plugins().activate("settings"))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("gonext secret set settings API_KEY");
    set("API_KEY", VALUE);
    host.plugins().activate("settings");
  }

  @Test
  void no_value_is_in_the_list_the_audit_log_or_the_files_of_the_host() throws Exception {
    activate("[\"API_KEY\",{\"name\":\"TOKEN\",\"required\":false}]");
    set("API_KEY", VALUE);
    assertThat(host.secrets().list("settings"))
        .extracting(SecretInfo::name)
        .containsExactly("API_KEY", "TOKEN");
    assertThat(host.secrets().list("settings").get(1).setAt()).isEqualTo(Optional.empty());
    AuditRow row = host.audit().newest("settings", 1).getFirst();
    assertThat(row.event()).isEqualTo("secret_set");
    assertThat(host.secrets().list("settings").toString() + row).doesNotContain(VALUE);
    host.close();
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).doesNotContain(VALUE);
      }
    }
  }

  @Test
  void secrets_survive_a_restart_and_end_with_the_plugin() throws Exception {
    activate("[\"API_KEY\"]");
    set("API_KEY", VALUE);
    host.close();
    open();
    assertThat(read("API_KEY")).isEqualTo("\"" + VALUE + "\"");
    host.plugins().deactivate("settings");
    host.plugins().uninstall("settings");
    activate("[\"API_KEY\"]");
    assertThat(read("API_KEY")).isEqualTo("-4");
  }

  @Test
  void a_host_with_another_master_key_does_not_open() throws Exception {
    activate("[\"API_KEY\"]");
    set("API_KEY", VALUE);
    host.close();
    assertThatThrownBy(
            () -> Host.open(HostConfig.builder(data).masterKey(MasterKey.random()).build()).close())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("another master key");
    open();
  }

  private static byte[] bundle(String keys) throws IOException {
    return GuestBundle.of("settings")
        .filter("h")
        .field("secrets", "{\"keys\":" + keys + "}")
        .bytes();
  }

  private void activate(String keys) throws Exception {
    host.plugins().install(bundle(keys));
    host.plugins().grantRequested("settings");
    host.plugins().activate("settings");
  }

  private void set(String name, String value) {
    host.secrets().set("settings", name, value.getBytes(StandardCharsets.UTF_8));
  }

  private String read(String name) throws InterruptedException {
    return host.applyFilters("h", "s" + name).value().toString();
  }
}
