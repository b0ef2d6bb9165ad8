package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.trust.TrustPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Manifests of the shape that plugins of a content management system have. */
class UpstreamPluginsTest {
  private static final String SEO =
      """
      {
        "$schema": "https://gonext.io/schemas/plugin-manifest-v1.json",
        "apiVersion": "gonext.io/v1",
        "name": "seo-meta",
        "version": "1.4.0",
        "description": "Titles and descriptions for search engines",
        "entry": "plugin.wasm",
        "capabilities": ["hooks.subscribe", "http.serve", "posts.read", "kv.read", "jobs.enqueue"],
        "hooks": {
          "filters": [{"name": "the_title", "priority": 20}, "the_content"],
          "actions": ["save_post"]
        },
        "http": {"serve": [{"method": "GET", "path": "/sitemap.xml"}]},
        "limits": {"memory_mb": 16, "call_ms": 5e2},
        "requires": {"host": ">=0.1.0 <2"},
        "signature": "9f3c00ffA1"
      }
      """;

  private static final String NEWSLETTER =
      """
      {
        "apiVersion": "gonext.io/v1",
        "name": "newsletter",
        "version": "0.9.2",
        "entry": "plugin.wasm",
        "capabilities": ["email.send", "users.read"],
        "jobs": ["digest", "cleanup"],
        "signature": ""
      }
      """;

  @TempDir private Path directory;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(directory).trust(TrustPolicy.off()).build());
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void a_plugin_with_hooks_routes_and_a_signature_is_installed_and_serves() throws Exception {
    InstallResult installed = host.plugins().install(bundle(SEO, "echo"));
    assertThat(installed.warnings())
        .containsExactly(
            "the application does not offer posts.read: it is denied until that changes",
            "/signature: the host does not read it, since a bundle cannot hold its own signature:"
                + " sign the bundle with gonext plugin sign");
    assertThat(host.plugins().activate("seo-meta"))
        .containsExactly(
            "the application does not offer posts.read: what needs it is denied to seo-meta@1.4.0",
            "seo-meta@1.4.0 was not granted jobs.enqueue, kv.read: what needs it is denied until it"
                + " is granted");
    assertThat(host.applyFilters("the_title", "a title").value().stringValue())
        .isEqualTo("a title");
  }

  @Test
  void hooks_and_routes_are_granted_with_the_plugin() throws Exception {
    host.plugins().install(bundle(SEO, "echo"));
    assertThat(host.plugins().grants("seo-meta").granted())
        .containsExactly("hooks.subscribe", "http.serve");
    host.plugins().activate("seo-meta");
    assertThat(host.mayUse("seo-meta", "hooks.subscribe")).isTrue();
    assertThat(host.mayUse("seo-meta", "http.serve")).isTrue();
    assertThat(host.mayUse("seo-meta", "kv.read")).isFalse();
    assertThat(host.plugins().grantRequested("seo-meta").missing()).isEmpty();
    assertThatThrownBy(() -> host.plugins().revoke("seo-meta", "kv.read", "hooks.subscribe"))
        .isInstanceOf(ConflictException.class)
        .hasMessage(
            "hooks.subscribe comes with the plugin and cannot be revoked; to end what it does,"
                + " deactivate seo-meta");
    assertThat(host.mayUse("seo-meta", "kv.read")).isTrue();
  }

  @Test
  void a_version_that_adds_what_comes_with_a_plugin_waits_for_nobody() throws Exception {
    host.plugins()
        .install(bundle(SEO.replace("\"hooks.subscribe\", \"http.serve\", ", ""), "echo"));
    host.plugins().activate("seo-meta");
    assertThat(host.plugins().update(bundle(SEO.replace("1.4.0", "1.5.0"), "echo")))
        .isInstanceOf(UpdateResult.Replaced.class);
    assertThat(host.mayUse("seo-meta", "http.serve")).isTrue();
  }

  @Test
  void a_capability_that_the_application_offers_later_is_then_allowed() throws Exception {
    host.plugins().install(bundle(SEO, "echo"));
    host.plugins().activate("seo-meta");
    host.plugins().grant("seo-meta", "posts.read");
    assertThat(host.mayUse("seo-meta", "posts.read")).isFalse();
    host.capabilities()
        .register(new Capability("posts.read", "Read posts of this site", "posts", "read", true));
    assertThat(host.mayUse("seo-meta", "posts.read")).isTrue();
    assertThat(host.plugins().activate("seo-meta"))
        .noneMatch(warning -> warning.contains("posts.read"));
  }

  @Test
  void a_plugin_with_jobs_alone_needs_no_hook_handler() throws Exception {
    assertThat(PluginCheck.of(text(NEWSLETTER), Guests.wasm("jobs-alone")).problems()).isEmpty();
    host.plugins().install(bundle(NEWSLETTER, "jobs-alone"));
    assertThat(host.plugins().activate("newsletter")).hasSize(2);
    String withHook = NEWSLETTER.replace("\"jobs\"", "\"hooks\":{\"filters\":[\"x\"]},\"jobs\"");
    String without = NEWSLETTER.replace("\"jobs\": [\"digest\", \"cleanup\"],", "");
    for (String manifest : List.of(withHook, without)) {
      assertThat(PluginCheck.of(text(manifest), Guests.wasm("jobs-alone")).problems())
          .singleElement()
          .asString()
          .startsWith("it does not export gn_handle_hook");
    }
    assertThat(PluginCheck.of(text(NEWSLETTER), Guests.wasm("echo")).problems())
        .singleElement()
        .asString()
        .startsWith("it does not export gn_handle_job");
  }

  @Test
  void a_signature_that_is_not_hexadecimal_is_refused() {
    for (String wrong : List.of("\"xyz\"", "\"9f3c\\n\"", "\"" + "0".repeat(1025) + "\"", "17")) {
      String manifest = SEO.replace("\"9f3c00ffA1\"", wrong);
      assertThatThrownBy(() -> host.plugins().install(bundle(manifest, "echo")))
          .as(wrong)
          .isInstanceOf(BundleRejectedException.class)
          .hasMessageContaining("/signature: found ");
    }
  }

  private static byte[] bundle(String manifest, String guest) {
    return GuestBundle.zip(
        Map.of("manifest.json", text(manifest), "plugin.wasm", Guests.wasm(guest)));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
