package io.gonext.host.internal.service.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.ConflictException;
import io.gonext.host.Database;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.PluginConfig;
import io.gonext.host.StoredVersion;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Reading and changing the configurations of plugins, on a real store. */
class ConfigurationsTest {
  private static final String SCHEMA =
      """
      {"type":"object","properties":{
        "size":{"type":"integer","minimum":1,"default":10},
        "token":{"type":"string","writeOnly":true}}}
      """;

  @TempDir private Path directory;
  private PluginStore store;
  private Configurations configurations;

  @BeforeEach
  void open() {
    store = PluginStore.open(directory, Database.embedded());
    store.insert(
        "shop",
        new StoredVersion("1.0.0", "ab".repeat(32), Instant.parse("2026-01-01T12:00:00Z")),
        new byte[] {1});
    configurations = new Configurations(store.configurations());
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void a_guest_reads_the_defaults_until_a_value_is_set() {
    LiveConfig live = configurations.of(manifest("1.0.0", SCHEMA));
    assertThat(read(live, "size")).isEqualTo("10");
    assertThat(read(live, "")).isEqualTo("{\"size\":10}");
    assertThat(live.current().get("token")).isNull();
  }

  @Test
  void a_change_reaches_the_versions_in_service_and_leaves_older_snapshots_alone() {
    Manifest manifest = manifest("1.0.0", SCHEMA);
    LiveConfig live = configurations.of(manifest);
    ConfigSnapshot before = live.current();
    set(manifest, OptionalLong.empty(), values -> values.put("size", 3));
    assertThat(read(live, "size")).isEqualTo("3");
    assertThat(live.current().version()).isEqualTo(1);
    assertThat(before.get("size")).isEqualTo("10".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void a_change_that_breaks_the_schema_changes_nothing() {
    Manifest manifest = manifest("1.0.0", SCHEMA);
    assertThatThrownBy(() ->
            set(manifest, OptionalLong.empty(), values -> values.put("size", 0).put("token", 7)))
        .isInstanceOfSatisfying(
            InvalidConfigException.class,
            e ->
                assertThat(e.problems())
                    .containsExactlyInAnyOrder(
                        "/size: found 0; allowed: at least 1",
                        "/token: found a value that is not shown; allowed: a text"));
    assertThat(configurations.show(manifest).version()).isZero();
  }

  @Test
  void a_change_for_an_older_version_is_refused() {
    Manifest manifest = manifest("1.0.0", SCHEMA);
    set(manifest, OptionalLong.of(0), values -> values.put("size", 3));
    assertThatThrownBy(() -> set(manifest, OptionalLong.of(0), values -> values.put("size", 4)))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("has version 1");
  }

  @Test
  void a_change_that_another_host_overtakes_starts_anew() {
    Manifest manifest = manifest("1.0.0", SCHEMA);
    Configurations other = new Configurations(store.configurations());
    AtomicBoolean first = new AtomicBoolean(true);
    set(
        manifest,
        OptionalLong.empty(),
        values -> {
          if (first.getAndSet(false)) {
            other.change(manifest, OptionalLong.empty(), theirs -> theirs.put("size", 5));
          }
          return values.put("size", values.path("size").asInt(0) + 1);
        });
    assertThat(configurations.show(manifest).values().path("size").asInt()).isEqualTo(6);
  }

  @Test
  void threads_that_ask_for_a_version_at_once_get_one_live_configuration() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (int i = 0; i < 50; i++) {
        Manifest manifest = manifest("1.0." + i, SCHEMA);
        CyclicBarrier both = new CyclicBarrier(2);
        Callable<LiveConfig> ask =
            () -> {
              both.await();
              return configurations.of(manifest);
            };
        Future<LiveConfig> first = threads.submit(ask);
        assertThat(threads.submit(ask).get()).isSameAs(first.get());
      }
    }
  }

  @Test
  void a_change_by_another_host_shows_after_a_refresh() {
    Manifest manifest = manifest("1.0.0", SCHEMA);
    LiveConfig live = configurations.of(manifest);
    new Configurations(store.configurations())
        .change(manifest, OptionalLong.empty(), values -> values.put("size", 5));
    assertThat(read(live, "size")).isEqualTo("10");
    configurations.refresh("shop");
    assertThat(read(live, "size")).isEqualTo("5");
  }

  @Test
  void write_only_values_reach_the_guest_and_nobody_else() {
    Manifest manifest = manifest("1.0.0", SCHEMA);
    Configurations.Change change =
        configurations.change(
            manifest, OptionalLong.empty(), values -> values.put("token", "geheim"));
    assertThat(read(configurations.of(manifest), "token")).isEqualTo("\"geheim\"");
    PluginConfig shown = configurations.show(manifest);
    assertThat(shown.hidden()).containsExactly("/token");
    assertThat(shown.toString() + change).doesNotContain("geheim");
  }

  @Test
  void a_version_with_another_schema_says_what_the_stored_values_break() {
    Manifest first = manifest("1.0.0", SCHEMA);
    set(first, OptionalLong.empty(), values -> values.put("size", 500));
    Manifest second = manifest("2.0.0", SCHEMA.replace("\"minimum\":1", "\"maximum\":99"));
    assertThat(configurations.problems(first)).isEmpty();
    assertThat(configurations.problems(second))
        .containsExactly(
            "/size: found 500; allowed: at most 99; set it with gonext config shop size=VALUE");
  }

  @Test
  void a_plugin_without_a_schema_has_no_configuration() {
    Manifest manifest =
        ManifestReader.read(
            bytes("{\"name\":\"shop\",\"version\":\"1.0.0\",\"entry\":\"a.wasm\"}"));
    assertThat(read(configurations.of(manifest), "")).isEqualTo("{}");
    assertThatThrownBy(() -> configurations.show(manifest))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("has no config.schema");
  }

  @Test
  void a_plugin_that_is_not_installed_is_unknown() {
    store.delete(store.find("shop").orElseThrow(), false);
    assertThatThrownBy(() -> configurations.show(manifest("1.0.0", SCHEMA)))
        .isInstanceOf(UnknownPluginException.class);
  }

  private void set(
      Manifest manifest,
      OptionalLong version,
      java.util.function.UnaryOperator<ObjectNode> change) {
    configurations.change(manifest, version, change);
  }

  private static String read(LiveConfig live, String key) {
    return new String(live.current().get(key), StandardCharsets.UTF_8);
  }

  private static Manifest manifest(String version, String schema) {
    return ManifestReader.read(
        bytes(
            "{\"name\":\"shop\",\"version\":\"%s\",\"entry\":\"a.wasm\",\"config\":{\"schema\":%s}}"
                .formatted(version, schema)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
