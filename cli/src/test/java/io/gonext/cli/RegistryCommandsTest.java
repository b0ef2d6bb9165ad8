package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.DockerRegistry;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistrySettings;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that push to a registry and pull from it, as they are typed. */
@Tag("slow")
class RegistryCommandsTest {
  @TempDir private static Path shared;
  private static DockerRegistry registry;

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    boolean isThere = DockerRegistry.program().isPresent();
    boolean isRequired =
        List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1))
            .contains("docker-registry");
    assertThat(isThere || !isRequired).as(DockerRegistry.MISSING).isTrue();
    assumeTrue(isThere, DockerRegistry.MISSING);
    registry = DockerRegistry.start(Files.createDirectory(shared.resolve("registry")));
  }

  @AfterAll
  static void stop() {
    if (registry != null) {
      registry.close();
    }
  }

  @Test
  void a_bundle_comes_back_with_the_files_that_lie_beside_it() throws IOException {
    Path bundle = bundle("1.0.0");
    Files.write(directory.resolve("app-1.0.0.gnplugin.sig"), new byte[64]);
    Files.writeString(directory.resolve("app-1.0.0.gnplugin.minisig"), "untrusted comment: x");
    Files.writeString(
        directory.resolve("app-1.0.0.gnplugin.0123456789abcdef.minisig"), "untrusted comment: y");
    Files.write(directory.resolve("app-1.0.0.gnplugin.old.bak.sig"), new byte[5]);
    Files.writeString(directory.resolve("app-1.0.0.cdx.json"), "{\"bomFormat\":\"CycloneDX\"}");
    Files.writeString(directory.resolve("app-1.0.0.provenance.json"), "{}");
    String reference = reference("files");
    assertThat(said("plugin", "push", bundle.toString(), reference))
        .matches("ok  " + reference + ":1\\.0\\.0@sha256:[0-9a-f]{64}, .* sent, 3 signatures\\R");
    Path pulled = Files.createDirectory(directory.resolve("pulled")).resolve("p.gnplugin");
    assertThat(said("plugin", "pull", "-o", pulled.toString(), reference + ":1.0.0"))
        .startsWith("ok  " + pulled + ", ")
        .contains("3 signatures");
    assertThat(pulled).hasSameBinaryContentAs(bundle);
    assertThat(Files.readString(directory.resolve("pulled/p.cdx.json"))).contains("CycloneDX");
    assertThat(Files.readString(directory.resolve("pulled/p.provenance.json"))).isEqualTo("{}");
    try (var files = Files.list(directory.resolve("pulled"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "p.gnplugin",
              "p.gnplugin.sig",
              "p.gnplugin.minisig",
              "p.gnplugin.2.minisig",
              "p.cdx.json",
              "p.provenance.json");
    }
    // What was pulled can be pushed again, and is the same artifact.
    String there = reference("again");
    String digest = digest(said("plugin", "push", "--json", bundle.toString(), there));
    assertThat(digest(said("plugin", "push", "--json", pulled.toString(), there)))
        .isEqualTo(digest);
  }

  @Test
  void tags_and_copies_are_listed_without_what_signatures_are_kept_under() throws IOException {
    Path bundle = bundle("1.0.0+b1");
    Files.write(directory.resolve("app-1.0.0+b1.gnplugin.sig"), new byte[64]);
    String reference = reference("tags");
    said("plugin", "push", bundle.toString(), reference);
    said("plugin", "push", bundle.toString(), reference + ":latest");
    assertThat(said("plugin", "tags", reference)).isEqualTo("1.0.0_b1\nlatest\n");
    assertThat(said("plugin", "tags", "--json", reference))
        .isEqualTo("{\"repository\":\"" + reference + "\",\"tags\":[\"1.0.0_b1\",\"latest\"]}\n");
    assertThat(said("plugin", "copy", reference + ":1.0.0+b1", reference + "-copy"))
        .startsWith("ok  " + reference + "-copy:1.0.0_b1@sha256:")
        .contains("0 bytes sent, referrers: 1");
    assertThat(said("plugin", "tags", reference + "-copy")).isEqualTo("1.0.0_b1\n");
  }

  @Test
  void a_time_changes_the_digest_and_nothing_else_does() throws IOException {
    Path bundle = bundle("1.0.0");
    String reference = reference("time");
    String push = digest(said("plugin", "push", "--json", bundle.toString(), reference));
    assertThat(digest(said("plugin", "push", "--json", bundle.toString(), reference)))
        .isEqualTo(push);
    assertThat(
            digest(
                said(
                    "plugin",
                    "push",
                    "--json",
                    "--created",
                    "2026-01-31T12:00:00Z",
                    bundle.toString(),
                    reference)))
        .isNotEqualTo(push);
    assertThat(misused("plugin", "push", "--created", "now", bundle.toString(), reference))
        .contains("--created now is not a time");
  }

  @Test
  void a_host_installs_and_updates_from_the_registries_that_it_allows() throws Exception {
    String reference = reference("app");
    said("plugin", "push", bundle("1.0.0").toString(), reference);
    said("plugin", "push", bundle("2.0.0").toString(), reference);
    RegistryPattern allowed = RegistryPattern.parse(reference);
    try (Served host = serve("allows", RegistrySettings.builder().allow(allowed).build())) {
      assertThat(host.said("install", "--activate", reference + ":1.0.0"))
          .isEqualTo("app@1.0.0 ACTIVE\n");
      assertThat(host.said("install", reference + ":1.0.0"))
          .isEqualTo("app@1.0.0 ACTIVE, was already installed\n");
      assertThat(host.said("update", reference + ":2.0.0")).startsWith("2.0.0 replaced 1.0.0; ");
      assertThat(host.refused("install", reference + ":3.0.0"))
          .contains(":3.0.0 is not in the registry");
      assertThat(host.refused("install", reference("other") + ":1"))
          .contains("this host does not pull from " + reference("other"));
      assertThat(host.misused("install", "oci://app:1.0.0"))
          .contains("the registry app:1.0.0 is not a host");
    }
  }

  @Test
  void apply_installs_a_signed_plugin_by_its_digest_and_list_shows_the_publisher()
      throws Exception {
    TrustPolicy policy = policy();
    String pushed = pushed(signed("1.0.0"), "signed");
    Path lock = lock("signed.lock", pushed);
    assertThat(said("lock", lock.toString())).startsWith("app sha256:");
    assertThat(Files.readString(lock)).contains(sha256(directory.resolve("app-1.0.0.gnplugin")));
    try (Served host = serve("fleet", policy, RegistrySettings.none())) {
      assertThat(host.said("apply", lock.toString())).contains("the host is as the file says");
      assertThat(host.said("list")).containsPattern("app +1\\.0\\.0 .*acme \\([0-9a-f]{16}\\)");
      assertThat(host.said("apply", lock.toString()))
          .isEqualTo("nothing to do: the host is as the file says\n");
    }
  }

  @Test
  void apply_of_an_unsigned_plugin_in_a_registry_is_refused_by_the_hosts_policy() throws Exception {
    TrustPolicy policy = policy();
    Path lock = lock("unsigned.lock", pushed(bundle("1.0.0"), "unsigned"));
    said("lock", lock.toString());
    try (Served host = serve("refuses", policy, RegistrySettings.none())) {
      for (String[] command : new String[][] {{"apply", "--plan"}, {"apply"}}) {
        assertThat(host.refused(with(command, lock.toString())))
            .contains("app: the host's trust policy refuses the bundle: app@1.0.0 is not signed");
        assertThat(out.toString()).isEmpty();
      }
      assertThat(host.said("list")).doesNotContain("1.0.0");
    }
  }

  @Test
  void apply_lets_the_host_fetch_so_that_a_rule_for_a_registry_fits() throws Exception {
    policy();
    String pushed = pushed(signed("1.0.0"), "fetched");
    String next = pushed(signed("1.1.0"), "fetched");
    Path lock = lock("fetched.lock", pushed);
    said("lock", lock.toString());
    TrustPolicy ofRegistry = policy("\"registry\": \"" + registry.registry() + "/acme/*\", ");
    RegistryPattern allowed = RegistryPattern.parse(reference("fetched"));
    RegistrySettings fetches = RegistrySettings.builder().allow(allowed).build();
    try (Served host = serve("fetches", ofRegistry, fetches)) {
      assertThat(host.said("apply", lock.toString())).contains("the host is as the file says");
      assertThat(host.said("show", "app")).contains("from " + registry.registry() + "/acme/fetch");
      assertThat(host.said("audit", "app")).contains("\"reference\":\"" + pushed + "\"");
      Path update = lock("update.lock", next);
      said("lock", update.toString());
      assertThat(host.said("apply", update.toString())).contains("1.0.0 -> 1.1.0");
      // The digest of the file is that of the bundle, which the host checks.
      Files.writeString(update, Files.readString(update).replaceFirst("oci://[^\"]*", pushed));
      Files.writeString(
          update,
          Files.readString(update)
              .replaceFirst("sha256:[0-9a-f]{64}\"\\s*}", "sha256:" + "0".repeat(64) + "\"}"));
      assertThat(host.refused("apply", update.toString()))
          .contains("its bundle has the digest " + sha256(directory.resolve("app-1.0.0.gnplugin")));
    }
    try (Served host = serve("uploads", ofRegistry, RegistrySettings.none())) {
      assertThat(host.refused("apply", lock.toString())).contains("no rule", "from upload");
    }
    try (Served host = serve("tells", RegistrySettings.none())) {
      assertThat(run(host.to("apply", "--plan", lock.toString()))).isEqualTo(3);
      assertThat(out.toString())
          .contains(
              "note: app: it is uploaded, since the host does not fetch it: this host pulls from no"
                  + " registry");
    }
  }

  @Test
  void an_index_in_a_registry_is_searched_and_must_be_signed_and_not_old() throws Exception {
    policy();
    Path dist = Files.createDirectory(directory.resolve("dist"));
    Path bundle = dist.resolve("app-1.0.0.gnplugin");
    Files.copy(signed("1.0.0"), bundle);
    Files.copy(directory.resolve("app-1.0.0.gnplugin.sig"), dist.resolve("app-1.0.0.gnplugin.sig"));
    Files.writeString(dist.resolve("app-1.0.0.cdx.json"), sbom(bundle));
    said("plugin", "push", bundle.toString(), reference("app-of-index"));
    String index = dist.resolve("index.json").toString();
    String key = directory.resolve("acme.key").toString();
    said("index", "build", "--sign", key, dist.toString());
    String there = reference("index") + ":latest";
    assertThat(run("index", "push", index, there)).isEqualTo(1);
    assertThat(err.toString()).contains("app-1.0.0.gnplugin is relative", "--base oci://");
    String base = "oci://" + registry.registry() + "/acme";
    said("index", "build", "--sign", key, "--base", base, dist.toString());
    assertThat(Files.readString(Path.of(index))).contains(base + "/app:1.0.0");
    said("plugin", "push", bundle.toString(), base + "/app");
    byte[] first = Files.readAllBytes(Path.of(index));
    byte[] firstSignature = Files.readAllBytes(Path.of(index + ".sig"));
    assertThat(said("index", "push", index, there))
        .matches("ok  " + there + "@sha256:[0-9a-f]{64}, .* sent, 1 signatures\\R");

    String[] options = {
      "--index",
      there,
      "--index-key",
      directory.resolve("acme.pub").toString(),
      "--index-cache",
      directory.resolve("cache").toString()
    };
    assertThat(said(with(new String[] {"search"}, options))).contains("app ");
    assertThat(said(with(new String[] {"search"}, options))).contains("app ");
    assertThat(err.toString()).isEmpty();
    assertThat(said(with(new String[] {"info", "app"}, options)))
        .contains("reference  " + base + "/app:1.0.0", "packages   1: serde 1.0.228");
    assertThat(said("info", "--json", base + "/app:1.0.0"))
        .contains("\"name\":\"app\"", "\"digest\":\"" + sha256(bundle), "\"sbom\":{");

    said("index", "build", "--sign", key, "--base", base, "--serial", "9", dist.toString());
    said("index", "push", index, there);
    said(with(new String[] {"search"}, options));
    Files.write(Path.of(index), first);
    Files.write(Path.of(index + ".sig"), firstSignature);
    said("index", "push", index, there);
    assertThat(run(with(new String[] {"search"}, options))).isEqualTo(1);
    assertThat(err.toString()).contains("and this machine has seen 9: somebody shows an old index");

    Files.delete(Path.of(index + ".sig"));
    said("index", "build", "--base", base, "--serial", "10", dist.toString());
    said("index", "push", index, there);
    assertThat(run(with(new String[] {"search"}, options))).isEqualTo(1);
    assertThat(err.toString()).contains("it is not signed: no signature refers to it");
    assertThat(run("search", "--index", reference("app-of-index") + ":1.0.0")).isEqualTo(1);
    assertThat(err.toString()).contains("is not an index of plugins but a application/vnd.gonext");
    assertThat(misused("index", "push", index, reference("index")))
        .contains("an index is pushed under a tag");
  }

  private static String sbom(Path bundle) throws Exception {
    return """
    {"bomFormat": "CycloneDX", "specVersion": "1.6",
     "metadata": {"component": {"name": "app", "version": "1.0.0",
       "hashes": [{"alg": "SHA-256", "content": "%s"}]}},
     "components": [{"name": "serde", "version": "1.0.228"}],
     "compositions": [{"aggregate": "complete", "dependencies": ["plugin"]}]}
    """
        .formatted(sha256(bundle).substring("sha256:".length()));
  }

  private static String[] with(String[] command, String... more) {
    return Stream.concat(Stream.of(command), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void apply_refuses_an_artifact_whose_bundle_has_another_digest() throws Exception {
    Path lock = lock("other.lock", pushed(bundle("1.0.0"), "other"));
    said("lock", lock.toString());
    String locked = Files.readString(lock);
    Files.writeString(lock, locked.replaceFirst("oci://[^\"]*", pushed(bundle("2.0.0"), "other")));
    try (Served host = serve("other", RegistrySettings.none())) {
      assertThat(host.refused("apply", lock.toString())).contains("another bundle");
      Files.writeString(lock, locked.replaceFirst("oci://[^\"]*", reference("other") + ":none"));
      assertThat(host.refused("apply", lock.toString())).contains(":none is not in the registry");
      Files.writeString(lock, locked.replaceFirst("oci://[^\"]*", "oci://acme/app:1"));
      assertThat(host.refused("apply", lock.toString())).contains("not taken for a host");
    }
  }

  @Test
  void a_host_with_a_policy_takes_the_signed_artifact_and_refuses_the_unsigned_one()
      throws Exception {
    TrustPolicy policy = policy();
    String plain = pushed(bundle("1.0.0"), "direct");
    String signed = pushed(signed("1.1.0"), "direct");
    RegistryPattern allowed = RegistryPattern.parse(reference("direct"));
    try (Served host = serve("direct", policy, RegistrySettings.builder().allow(allowed).build())) {
      assertThat(host.refused("install", plain)).contains("app@1.0.0 is not signed");
      assertThat(host.said("install", signed)).isEqualTo("app@1.1.0 INSTALLED\n");
      assertThat(host.said("list")).containsPattern("app +1\\.1\\.0 .*acme \\([0-9a-f]{16}\\)");
      String next = pushed(signed("1.2.0"), "direct");
      host.said("update", next);
      assertThat(host.said("audit", "app"))
          .contains("\"reference\":\"" + signed + "\"", "\"reference\":\"" + next + "\"");
    }
  }

  @Test
  void a_host_without_registries_says_how_to_allow_one() throws Exception {
    try (Served host = serve("none", RegistrySettings.none())) {
      assertThat(host.refused("install", "oci://localhost:1/app:1.0.0"))
          .contains(
              "this host pulls from no registry: start it with gonext serve --registry"
                  + " localhost:1");
      assertThat(host.refused("update", "oci://localhost:1/app:1.0.0"))
          .contains("this host pulls from no registry");
    }
  }

  @Test
  void mistakes_in_a_reference_are_wrong_command_lines() throws IOException {
    Path bundle = bundle("1.0.0");
    assertThat(misused("plugin", "pull", "acme/app:1")).contains("does not begin with oci://");
    assertThat(misused("plugin", "pull", reference("app"))).contains("names no version");
    assertThat(misused("plugin", "push", bundle + "x", reference("app")))
        .contains("does not exist");
    assertThat(
            misused(
                "plugin",
                "push",
                bundle.toString(),
                reference("app") + "@sha256:" + "0".repeat(64)))
        .contains("a push takes no digest");
    assertThat(misused("plugin", "pull", "--mirror", "x", reference("app") + ":1"))
        .contains("REGISTRY=MIRROR");
  }

  @Test
  void a_fleet_file_is_locked_and_applied_by_way_of_a_mirror() throws Exception {
    Path bundle = bundle("1.0.0");
    said("plugin", "push", bundle.toString(), reference("fleet"));
    String sha256 =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(bundle)));
    Path data = Files.createDirectory(directory.resolve("host"));
    // Nothing but the mirror has what this registry is said to hold.
    String far = "oci://plugins.invalid/acme/fleet";
    String mirror = "plugins.invalid=" + registry.registry();
    Path file =
        Files.writeString(
            directory.resolve("fleet.json"),
            "{\"apiVersion\":\"gonext.io/v1\",\"plugins\":[{\"name\":\"app\",\"reference\":\""
                + far
                + ":1.0.0\"}]}");
    try (RunningServer running =
        RunningServer.openHost(HostConfig.builder(data).updates(UpdatePolicy.development()).build())
            .listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).build())) {
      assertThat(run("lock", file.toString())).isEqualTo(1);
      said("lock", "--mirror", mirror, file.toString());
      assertThat(Files.readString(file)).contains("sha256:" + sha256);
      String[] apply = {
        "apply",
        "--mirror",
        mirror,
        "--data",
        data.toString(),
        "--url",
        "http://127.0.0.1:" + running.port()
      };
      assertThat(
              said(
                  Stream.concat(Stream.of(apply), Stream.of(file.toString()))
                      .toArray(String[]::new)))
          .contains("install app", "the host is as the file says");
      assertThat(
              said(
                  "list", "--data", data.toString(), "--url", "http://127.0.0.1:" + running.port()))
          .contains("app", "1.0.0");
    }
  }

  private Path bundle(String version) throws IOException {
    return Files.write(
        directory.resolve("app-" + version + ".gnplugin"),
        GuestBundle.of("app", Guests.wasm("echo")).version(version).filter("h").bytes());
  }

  private static String reference(String name) {
    return "oci://" + registry.registry() + "/acme/" + name;
  }

  private static String digest(String json) {
    return json.replaceFirst("(?s).*\"digest\":\"([^\"]*)\".*", "$1");
  }

  /** A policy that takes only what the key acme.key has signed; it is the key of acme. */
  private TrustPolicy policy() throws IOException {
    said("plugin", "keygen", "--no-passphrase", "--out", directory.resolve("acme").toString());
    return policy("");
  }

  /**
   * @param ofRule fields of the rule, each with a comma behind it
   */
  private TrustPolicy policy(String ofRule) throws IOException {
    return TrustPolicy.parse(
        """
        {"publishers": [{"name": "acme", "keys": [{"key": "%s"}]}],
         "rules": [{%s"publishers": ["acme"]}]}
        """
            .formatted(Files.readString(directory.resolve("acme.pub")).replace("\n", "\\n"), ofRule)
            .getBytes(StandardCharsets.UTF_8));
  }

  private Path signed(String version) throws IOException {
    Path bundle = bundle(version);
    said("plugin", "sign", bundle.toString(), "--key", directory.resolve("acme.key").toString());
    return bundle;
  }

  /** Pushes a bundle; the reference has the digest of the artifact. */
  private String pushed(Path bundle, String repository) {
    return said("plugin", "push", "--json", bundle.toString(), reference(repository))
        .replaceFirst("(?s).*\"reference\":\"([^\"]*)\".*", "$1");
  }

  private Path lock(String name, String reference) throws IOException {
    assertThat(reference).contains("@sha256:");
    return Files.writeString(
        directory.resolve(name),
        "{\"apiVersion\":\"gonext.io/v1\",\"plugins\":[{\"name\":\"app\",\"reference\":\""
            + reference
            + "\"}]}");
  }

  private static String sha256(Path file) throws Exception {
    return "sha256:"
        + HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  private Served serve(String data, RegistrySettings settings) throws InterruptedException {
    return serve(data, TrustPolicy.off(), settings);
  }

  private Served serve(String data, TrustPolicy policy, RegistrySettings settings)
      throws InterruptedException {
    Path store = directory.resolve(data);
    RunningServer running =
        RunningServer.openHost(
                HostConfig.builder(store)
                    .updates(UpdatePolicy.development())
                    .registries(settings)
                    .trust(policy)
                    .build())
            .listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(store)).build());
    return new Served(running, store);
  }

  /** A host, and commands to it. */
  private final class Served implements AutoCloseable {
    private final RunningServer running;
    private final Path store;

    Served(RunningServer running, Path store) {
      this.running = running;
      this.store = store;
    }

    String said(String... command) {
      return RegistryCommandsTest.this.said(to(command));
    }

    String refused(String... command) {
      assertThat(run(to(command))).isEqualTo(1);
      return err.toString();
    }

    String misused(String... command) {
      return RegistryCommandsTest.this.misused(to(command));
    }

    private String[] to(String... command) {
      return Stream.concat(
              Stream.of(command),
              Stream.of("--url", "http://127.0.0.1:" + running.port(), "--data", store.toString()))
          .toArray(String[]::new);
    }

    @Override
    public void close() {
      running.close();
    }
  }

  private String said(String... command) {
    assertThat(run(command)).as("%s", err).isZero();
    return out.toString();
  }

  private String misused(String... command) {
    assertThat(run(command)).as("%s%s", out, err).isEqualTo(2);
    return err.toString();
  }

  private int run(String... command) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), command);
  }
}
