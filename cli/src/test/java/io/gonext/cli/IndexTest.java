package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.PublishedFormat;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code gonext index build}, {@code search}, {@code info} and {@code outdated}. */
class IndexTest {
  @TempDir private Path directory;
  private Path dist;
  private String text = "";
  private String errors = "";

  @BeforeEach
  void makeDist() throws IOException {
    dist = Files.createDirectory(directory.resolve("dist"));
  }

  @Test
  void an_index_has_what_the_manifests_say() throws Exception {
    Path bundle = bundle("hello", "1.2.0");
    said("index", "build", dist.toString());
    assertThat(text).contains("serial 1, 1 plugins, 1 versions");
    assertThat(Files.readString(dist.resolve("index.json")))
        .isEqualTo(
            """
            {
              "apiVersion": "gonext.io/v1",
              "serial": 1,
              "plugins": [ {
                "name": "hello",
                "versions": [ {
                  "version": "1.2.0",
                  "description": "Says hello",
                  "license": "Apache-2.0",
                  "capabilities": [ "kv.read" ],
                  "digest": "%s",
                  "size": %d,
                  "host": ">=0.0.1",
                  "reference": "hello-1.2.0.gnplugin"
                } ]
              } ]
            }
            """
                .formatted(digest(bundle), Files.size(bundle)));
  }

  @Test
  void the_same_bundles_give_the_same_bytes_and_others_the_next_serial() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    byte[] first = Files.readAllBytes(dist.resolve("index.json"));
    said("index", "build", dist.toString());
    assertThat(Files.readAllBytes(dist.resolve("index.json"))).isEqualTo(first);
    bundle("hello", "1.1.0");
    said("index", "build", "--base", "https://example.com/p", dist.toString());
    assertThat(Files.readString(dist.resolve("index.json")))
        .contains("\"serial\": 2", "\"https://example.com/p/hello-1.1.0.gnplugin\"");
  }

  @Test
  void an_index_of_wrong_or_doubled_bundles_is_not_written() throws Exception {
    Files.write(dist.resolve("x.gnplugin"), new byte[] {1, 2, 3});
    assertThat(run("index", "build", dist.toString())).isEqualTo(1);
    assertThat(errors).contains("x.gnplugin: ").doesNotContain("Exception");
    Files.copy(
        bundle("hello", "1.0.0"), dist.resolve("x.gnplugin"), StandardCopyOption.REPLACE_EXISTING);
    assertThat(run("index", "build", dist.toString())).isEqualTo(1);
    assertThat(errors).contains("hello@1.0.0 is in", "keep one of them");
    assertThat(dist.resolve("index.json")).doesNotExist();
    assertThat(run("index", "build", directory.resolve("none").toString())).isEqualTo(2);
    assertThat(run("index")).isEqualTo(2);
  }

  @Test
  void search_finds_the_newest_release_with_all_terms() throws Exception {
    bundle("hello", "1.0.0");
    bundle("hello", "1.1.0");
    bundle("hello", "2.0.0-beta.1");
    bundle("markdown", "1.0.0");
    said("index", "build", dist.toString());
    assertThat(said("search", "--index", index()))
        .isEqualTo(
            """
            NAME      VERSION  LICENCE     DESCRIPTION
            hello     1.1.0    Apache-2.0  Says hello
            markdown  1.0.0    Apache-2.0  Says hello
            """);
    // Both have it in the description; the name counts more.
    assertThat(said("search", "--index", index(), "HELLO", "apache"))
        .contains("hello  ", "markdown");
    assertThat(said("search", "--index", index(), "markdown")).doesNotContain("hello  ");
    assertThat(said("search", "--index", index(), "kv.read", "mark")).hasLineCount(2);
    assertThat(said("search", "--index", index(), "nothing"))
        .isEqualTo("no plugin of the index matches\n");
    assertThat(said("search", "--index", index(), "--json", "markdown"))
        .startsWith("{\"plugins\":[{\"name\":\"markdown\",\"version\":\"1.0.0\",");
    assertThat(run("search", "hello")).isEqualTo(2);
    assertThat(errors).contains("give its URL or file with --index or GONEXT_INDEX");
  }

  @Test
  void info_shows_one_version_with_its_place() throws Exception {
    bundle("hello", "1.0.0");
    bundle("hello", "1.1.0");
    said("index", "build", dist.toString());
    assertThat(said("info", "--index", index(), "hello"))
        .contains(
            "hello@1.1.0",
            "licence    Apache-2.0",
            "requests   kv.read",
            "host       >=0.0.1",
            "reference  " + dist.resolve("hello-1.1.0.gnplugin"),
            "versions   1.1.0, 1.0.0");
    assertThat(said("info", "--index", index(), "--json", "hello@1.0.0"))
        .contains("\"version\":\"1.0.0\"", "\"versions\":[\"1.1.0\",\"1.0.0\"]");
    assertThat(run("info", "--index", index(), "hello@3.0.0")).isEqualTo(1);
    assertThat(errors).contains("no version 3.0.0; it has 1.1.0, 1.0.0");
    assertThat(run("info", "--index", index(), "hello@x")).isEqualTo(2);
    assertThat(run("info", "--index", index(), "nobody")).isEqualTo(1);
    assertThat(errors).contains("no plugin nobody").hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                                                                    | an object
          {"apiVersion":"gonext.io/v2","serial":1,"plugins":[]}                 | /apiVersion
          {"apiVersion":"gonext.io/v1","plugins":[]}                            | /serial: it is missing
          {"apiVersion":"gonext.io/v1","serial":1,"plugins":[],"x":1}           | /x: there is no such property
          {"apiVersion":"gonext.io/v1","serial":1,"serial":2,"plugins":[]}      | is not an index
          {"apiVersion":"gonext.io/v1","serial":1e400,"plugins":[]}             | /serial
          {"apiVersion":"gonext.io/v1","serial":1,"plugins":[{"name":"A"}]}     | /plugins/0/name
          {"apiVersion":"gonext.io/v1","serial":1,"expires":"2026-99-01T00:00:00Z","plugins":[]} | /expires
          """)
  void what_is_not_an_index_is_refused_with_a_sentence(String json, String sentence)
      throws Exception {
    Files.writeString(dist.resolve("index.json"), json);
    assertThat(run("search", "--index", index())).isEqualTo(1);
    assertThat(errors).startsWith("gonext: ").contains(sentence).doesNotContain("Exception");
  }

  @Test
  void hostile_texts_of_an_index_are_printed_as_plain_text() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    String hostile = "a\\u001b]0;owned\\u0007\\u202e\\u2028\\tz\\nfake  1.0.0";
    Path index = dist.resolve("index.json");
    Files.writeString(
        index,
        Files.readString(index)
            .replace("Says hello", hostile)
            .replace("Apache-2.0", hostile)
            .replace("hello-1.0.0.gnplugin", "https://plugins.invalid/%1b"));
    for (String[] command :
        new String[][] {{"search"}, {"info", "hello"}, {"info", "hello", "--json"}}) {
      List<String> words = new ArrayList<>(List.of(command));
      words.addAll(List.of("--index", index()));
      said(words.toArray(String[]::new));
      assertThat(text.codePoints().filter(c -> c < ' ' && c != '\n' && c != '\t')).isEmpty();
      assertThat(text).doesNotContain("\u202e", "\u2028").contains("owned");
      assertThat(text.lines().filter(line -> line.startsWith("fake"))).isEmpty();
    }
  }

  @Test
  void an_index_of_a_thousand_plugins_is_read_and_searched() throws Exception {
    String versions =
        IntStream.range(0, 5)
            .mapToObj(i ->
                "{\"version\":\"1.%d.0\",\"description\":\"number NUMBER\",\"digest\":\"sha256:%s\","
                        .formatted(i, "0".repeat(64))
                    + "\"size\":1000,\"reference\":\"oci://registry.invalid/p:1\"}")
            .collect(Collectors.joining(","));
    Files.writeString(
        dist.resolve("index.json"),
        IntStream.range(0, 1000)
            .mapToObj(i ->
                "{\"name\":\"plugin-%d\",\"versions\":[%s]}"
                    .formatted(i, versions.replace("NUMBER", Integer.toString(i))))
            .collect(
                Collectors.joining(
                    ",", "{\"apiVersion\":\"gonext.io/v1\",\"serial\":7,\"plugins\":[", "]}")));
    assertThat(said("search", "--index", index())).hasLineCount(1001);
    assertThat(said("search", "--index", index(), "number 777")).hasLineCount(2);
    assertThat(said("info", "--index", index(), "plugin-777@1.3.0"))
        .contains("reference  oci://registry.invalid/p:1");
  }

  @Test
  void a_file_larger_than_an_index_may_be_is_refused_unread() throws Exception {
    Files.write(dist.resolve("index.json"), new byte[16 * 1024 * 1024 + 1]);
    assertThat(run("search", "--index", index())).isEqualTo(1);
    assertThat(errors).contains("it has more than 16777216 bytes").hasLineCount(1);
  }

  @Test
  void an_index_needs_a_signature_of_a_given_key() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    KeyPair publisher = key();
    String key = pem("publisher", publisher);
    assertThat(run("search", "--index", index(), "--index-key", key)).isEqualTo(1);
    assertThat(errors).contains("it is not signed: there is no").hasLineCount(1);
    sign(key());
    assertThat(run("search", "--index", index(), "--index-key", key)).isEqualTo(1);
    assertThat(errors).contains("its signature is not one of --index-key").hasLineCount(1);
    sign(publisher);
    said("search", "--index", index(), "--index-key", key);
    Files.writeString(
        dist.resolve("index.json"),
        Files.readString(dist.resolve("index.json")).replace("hello", "jello"));
    assertThat(run("search", "--index", index(), "--index-key", key)).isEqualTo(1);
    Files.writeString(dist.resolve("index.json.sig"), "nonsense");
    assertThat(run("search", "--index", index(), "--index-key", key)).isEqualTo(1);
    assertThat(errors).contains("index.json.sig: ").hasLineCount(1);
    assertThat(run("search", "--index", index(), "--index-key", index())).isEqualTo(1);
    assertThat(errors).contains("index.json: ").doesNotContain("Exception").hasLineCount(1);
  }

  @Test
  void build_signs_the_index_with_a_key_that_readers_accept() throws Exception {
    bundle("hello", "1.0.0");
    String base = directory.resolve("acme").toString();
    said("plugin", "keygen", "--no-passphrase", "--out", base);
    said("index", "build", "--sign", base + ".key", dist.toString());
    assertThat(text)
        .containsPattern("ok  .*index\\.json\\.sig, signed with the key [0-9a-f]{16}\n");
    said("search", "--index", index(), "--index-key", base + ".pub");
    said("index", "build", dist.toString());
    assertThat(text).doesNotContain("warning");
    bundle("hello", "1.1.0");
    said("index", "build", dist.toString());
    assertThat(text).contains("index.json.sig is of an earlier index: sign again, or delete it");
    assertThat(run("index", "build", "--passphrase-file", "x", dist.toString())).isEqualTo(2);
    assertThat(errors).contains("--passphrase-file is for --sign");
  }

  @Test
  void a_publisher_of_a_trust_policy_may_sign_the_index() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    KeyPair publisher = key();
    sign(publisher);
    String policy = policy(publisher, "");
    said("search", "--index", index(), "--trust", policy);
    assertThat(run("search", "--index", index(), "--trust", policy(key(), ""))).isEqualTo(1);
    assertThat(errors).contains("its signature is not one of --index-key or --trust");
    for (String of :
        List.of(
            ", \"revoked\": true",
            ", \"valid_until\": \"2020-01-01T00:00:00Z\"",
            ", \"valid_from\": \"2999-01-01T00:00:00Z\"")) {
      assertThat(run("search", "--index", index(), "--trust", policy(publisher, of)))
          .as(of)
          .isEqualTo(1);
      assertThat(errors).contains("no key of the trust policy may sign it");
    }
    // A key that is named counts alone.
    assertThat(
            run(
                "search",
                "--index",
                index(),
                "--trust",
                policy,
                "--index-key",
                pem("other", key())))
        .isEqualTo(1);
    assertThat(run("search", "--index", index(), "--trust", index())).isEqualTo(1);
    assertThat(errors).contains("index.json: ").doesNotContain("Exception");
  }

  private String policy(KeyPair key, String more) throws IOException {
    return Files.writeString(
            directory.resolve("trust.json"),
            """
            {"publishers": [{"name": "acme", "keys": [{"key": "%s"%s}]}],
             "rules": [{"publishers": ["acme"]}]}
            """
                .formatted(
                    Files.readString(Path.of(pem("acme", key))).strip().replace("\n", "\\n"), more))
        .toString();
  }

  @Test
  void a_signature_of_minisign_beside_the_index_is_accepted() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    String base = directory.resolve("acme").toString();
    said("plugin", "keygen", "--no-passphrase", "--out", base);
    said("plugin", "sign", "--minisign", "--key", base + ".key", index());
    assertThat(dist.resolve("index.json.sig")).doesNotExist();
    said("search", "--index", index(), "--index-key", base + ".minisign.pub");
  }

  @Test
  void the_index_of_a_directory_without_bundles_says_so() throws Exception {
    assertThat(said("index", "build", dist.toString()))
        .contains("0 plugins", "warning: " + dist + " has no .gnplugin files");
  }

  @Test
  void info_shows_the_sbom_and_the_provenance_beside_a_bundle() throws Exception {
    Path bundle = bundle("hello", "1.0.0");
    String sha256 = digest(bundle).substring("sha256:".length());
    Files.writeString(dist.resolve("hello-1.0.0.cdx.json"), sbom(sha256));
    Files.writeString(dist.resolve("hello-1.0.0.provenance.json"), provenance(sha256));
    String[] lines = {
      "packages   1: serde 1.0.228",
      "tools      rustc 1.95.0",
      "built by   gonext 1.2.3",
      "source     git+https://git.example/hello commit 0123abcd, and files that differ from it"
    };
    assertThat(said("info", bundle.toString()))
        .startsWith("hello@1.0.0\n")
        .contains("licence    Apache-2.0", "requests   kv.read", "digest     sha256:" + sha256)
        .contains(lines);
    said("index", "build", dist.toString());
    assertThat(said("info", "--index", index(), "hello")).contains(lines);
    assertThat(said("info", "--json", bundle.toString()))
        .contains(
            "\"sbom\":{\"complete\":true,\"tools\":[\"rustc"
                + " 1.95.0\"],\"packages\":[{\"name\":\"serde\"",
            "\"provenance\":{\"builder\":\"gonext 1.2.3\",\"language\":\"rust\",\"source\":\"git+",
            "\"modified\":true");
  }

  @Test
  void info_leaves_out_documents_of_another_bundle_and_says_so() throws Exception {
    Path bundle = bundle("hello", "1.0.0");
    Files.writeString(dist.resolve("hello-1.0.0.cdx.json"), sbom("0".repeat(64)));
    Files.writeString(dist.resolve("hello-1.0.0.provenance.json"), "{}");
    assertThat(said("info", bundle.toString())).doesNotContain("packages", "built by");
    assertThat(errors)
        .contains("warning: the SBOM is of another bundle", "warning: the provenance: ");
  }

  private static String sbom(String sha256) {
    return """
    {"bomFormat": "CycloneDX", "specVersion": "1.6",
     "metadata": {"component": {"name": "hello", "version": "1.0.0",
       "hashes": [{"alg": "SHA-256", "content": "%s"}]}},
     "components": [{"name": "serde", "version": "1.0.228", "scope": "required"},
       {"name": "syn", "version": "2.0.0", "scope": "excluded"}],
     "formulation": [{"components": [{"name": "rustc", "version": "1.95.0"}]}],
     "compositions": [{"aggregate": "complete", "dependencies": ["plugin"]}]}
    """
        .formatted(sha256);
  }

  private static String provenance(String sha256) {
    return """
    {"_type": "https://in-toto.io/Statement/v1",
     "subject": [{"name": "hello-1.0.0.gnplugin", "digest": {"sha256": "%s"}}],
     "predicateType": "https://slsa.dev/provenance/v1",
     "predicate": {
       "buildDefinition": {
         "buildType": "https://gonext.io/provenance/plugin-pack/v1",
         "externalParameters": {"language": "rust"},
         "resolvedDependencies": [{"name": "source",
           "uri": "git+https://git.example/hello@0123abcd",
           "digest": {"gitCommit": "0123abcd"}, "annotations": {"modified": true}}]},
       "runDetails": {"builder": {"id": "https://gonext.io/provenance/gonext",
         "version": {"gonext": "1.2.3"}}}}}
    """
        .formatted(sha256);
  }

  @Test
  void a_key_file_that_is_not_text_gets_a_sentence() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    Path binary = Files.write(dist.resolve("binary.pub"), new byte[] {(byte) 0xff, (byte) 0xfe, 1});
    assertThat(run("search", "--index", index(), "--index-key", binary.toString())).isEqualTo(1);
    assertThat(errors).contains("binary.pub: the file is not a key").hasLineCount(1);
  }

  @Test
  void an_index_names_the_publisher_whose_signature_is_beside_a_bundle() throws Exception {
    Path bundle = bundle("hello", "1.0.0");
    bundle("other", "1.0.0");
    KeyPair acme = key();
    String key = pem("acme", acme);
    Files.write(Path.of(bundle + ".sig"), signature(acme, Files.readAllBytes(bundle)));
    said("index", "build", "--publisher", "acme=" + key, dist.toString());
    assertThat(said("info", "--index", index(), "hello")).contains("publisher  acme", "keys   ");
    assertThat(said("info", "--index", index(), "other")).doesNotContain("publisher");
    said("index", "build", "--publisher", "b=" + pem("b", key()), dist.toString());
    assertThat(text).contains("warning: ", "hello-1.0.0.gnplugin.sig is not a signature of a");
  }

  @Test
  void an_expired_index_is_refused() throws Exception {
    said("index", "build", "--expires", "2020-01-01T00:00:00Z", dist.toString());
    assertThat(run("search", "--index", index())).isEqualTo(1);
    assertThat(errors).contains("it expired at 2020-01-01T00:00:00Z").hasLineCount(1);
    said("search", "--index", index(), "--allow-old");
  }

  @Test
  void a_copy_of_an_index_is_used_until_it_changes_and_an_older_one_is_refused() throws Exception {
    bundle("hello", "1.0.0");
    said("index", "build", dist.toString());
    KeyPair publisher = key();
    String key = pem("publisher", publisher);
    sign(publisher);
    byte[] first = Files.readAllBytes(dist.resolve("index.json"));
    byte[] firstSignature = Files.readAllBytes(dist.resolve("index.json.sig"));
    List<Integer> answers = new ArrayList<>();
    HttpServer web = web(answers);
    try {
      String url = "http://127.0.0.1:" + web.getAddress().getPort() + "/index.json";
      String[] search = {
        "search",
        "--index",
        url,
        "--index-key",
        key,
        "--index-cache",
        directory.resolve("c").toString()
      };
      assertThat(said(search)).contains("hello");
      assertThat(said(search)).contains("hello");
      assertThat(answers).containsExactly(200, 200, 304, 200);
      assertThat(errors).isEmpty();

      bundle("hello", "1.1.0");
      said("index", "build", dist.toString());
      sign(publisher);
      assertThat(said(search)).contains("1.1.0");

      Files.write(dist.resolve("index.json"), first);
      Files.write(dist.resolve("index.json.sig"), firstSignature);
      assertThat(run(search)).isEqualTo(1);
      assertThat(errors)
          .contains("it has the serial 1, and this machine has seen 2")
          .hasLineCount(1);

      assertThat(said("search", "--index", url, "--index-cache", directory.resolve("d").toString()))
          .contains("hello");
      assertThat(errors).contains("warning: " + url + " is not verified");
      assertThat(said("info", "--index", url, "--index-cache", "/dev/null/x", "hello"))
          .contains("reference  " + url.replace("index.json", "hello-1.0.0.gnplugin"));
      assertThat(run("search", "--index", url.replace("index", "none"))).isEqualTo(1);
      assertThat(errors).contains("none.json: there is no such file").hasLineCount(1);
    } finally {
      web.stop(0);
    }
    assertThat(run("search", "--index", "http://example.com/index.json")).isEqualTo(1);
    assertThat(errors).contains("use https; http is for this machine only");
    assertThat(run("search", "--index", "ftp://example.com/index.json")).isEqualTo(1);
    assertThat(run("search", "--index", "http://127.0.0.1:1/index.json")).isEqualTo(1);
    assertThat(errors).contains("no server answers there").hasLineCount(1);
  }

  @Test
  void outdated_names_the_newest_version_that_runs_on_the_host() throws Exception {
    Path data = directory.resolve("data");
    try (RunningServer running =
        RunningServer.openHost(HostConfig.builder(data).updates(UpdatePolicy.development()).build())
            .listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).build())) {
      String[] host = {"--url", "http://127.0.0.1:" + running.port(), "--data", data.toString()};
      said(with(host, "install", bundle("hello", "1.0.0").toString()));
      said(with(host, "install", bundle("other", "1.0.0").toString()));
      Files.delete(dist.resolve("other-1.0.0.gnplugin"));
      said("index", "build", dist.toString());
      assertThat(run(with(host, "outdated", "--index", index()))).isZero();
      assertThat(text).contains("other  1.0.0", "not in the index").doesNotContain("hello");

      bundle("hello", "1.1.0");
      bundle("hello", "1.2.0-rc.1");
      Files.write(dist.resolve("hello-9.gnplugin"), hello("hello", "9.0.0", ">=900"));
      said("index", "build", dist.toString());
      assertThat(run(with(host, "outdated", "--index", index()))).isEqualTo(3);
      assertThat(text).containsPattern("hello +1.0.0 +1.1.0 +9.0.0 +9.0.0 needs host >=900");
      assertThat(run(with(host, "outdated", "--index", index(), "--json"))).isEqualTo(3);
      assertThat(text)
          .contains(
              "{\"name\":\"hello\",\"current\":\"1.0.0\",\"outdated\":true,\"newest\":\"9.0.0\","
                  + "\"compatible\":\"1.1.0\",\"note\":\"9.0.0 needs host >=900\"}");

      said(with(host, "update", dist.resolve("hello-1.1.0.gnplugin").toString()));
      assertThat(run(with(host, "outdated", "--index", index()))).isZero();
      Files.write(dist.resolve("hello-1.1.0.gnplugin"), hello("hello", "1.1.0", ">=0.0.2"));
      said("index", "build", dist.toString());
      assertThat(run(with(host, "outdated", "--index", index()))).isEqualTo(3);
      assertThat(text).contains("the index has another bundle of this version");
    }
  }

  @Test
  void the_examples_in_the_documents_fit_their_schemas() throws Exception {
    Path root = Path.of(System.getProperty("gonext.root", ".."));
    String fleet = Files.readString(root.resolve("docs/fleet.md"));
    List<JsonNode> locks = blocks(fleet, "\"plugins\"");
    assertThat(locks)
        .isNotEmpty()
        .allSatisfy(lock -> assertThat(PublishedFormat.LOCK.problems(lock)).isEmpty());
    List<JsonNode> indexes = blocks(Files.readString(root.resolve("docs/index.md")), "\"serial\"");
    assertThat(indexes)
        .isNotEmpty()
        .allSatisfy(index -> assertThat(PublishedFormat.INDEX.problems(index)).isEmpty());
  }

  /** The JSON objects of a text that begin and end on a line of their own, indented or not. */
  private static List<JsonNode> blocks(String markdown, String with) throws Exception {
    List<JsonNode> found = new ArrayList<>();
    Matcher json = Pattern.compile("(?ms)^( *)\\{\\R.*?^\\1\\}$").matcher(markdown);
    while (json.find()) {
      if (json.group().contains(with)) {
        found.add(StrictJson.parse(json.group().getBytes(StandardCharsets.UTF_8)));
      }
    }
    return found;
  }

  private static String[] with(String[] more, String... command) {
    List<String> words = new ArrayList<>(List.of(command));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  /** Serves {@code dist} with entity tags. */
  private HttpServer web(List<Integer> answers) throws IOException {
    HttpServer web =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.createContext(
        "/",
        exchange -> {
          Path file = dist.resolve(exchange.getRequestURI().getPath().substring(1));
          byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
          String tag = "\"" + HexFormat.of().toHexDigits(java.util.Arrays.hashCode(bytes)) + "\"";
          int status =
              !Files.exists(file)
                  ? 404
                  : tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match")) ? 304 : 200;
          answers.add(status);
          exchange.getResponseHeaders().set("ETag", tag);
          exchange.sendResponseHeaders(status, status == 200 ? bytes.length : -1);
          if (status == 200) {
            exchange.getResponseBody().write(bytes);
          }
          exchange.close();
        });
    web.start();
    return web;
  }

  private static KeyPair key() throws GeneralSecurityException {
    return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  private String pem(String name, KeyPair key) throws IOException {
    return Files.writeString(
            directory.resolve(name + ".pub"),
            "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getEncoder().encodeToString(key.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n")
        .toString();
  }

  private void sign(KeyPair key) throws Exception {
    Files.write(
        dist.resolve("index.json.sig"),
        signature(key, Files.readAllBytes(dist.resolve("index.json"))));
  }

  private static byte[] signature(KeyPair key, byte[] bytes) throws GeneralSecurityException {
    Signature signer = Signature.getInstance("Ed25519");
    signer.initSign(key.getPrivate());
    signer.update(bytes);
    return signer.sign();
  }

  private static String digest(Path file) throws Exception {
    return "sha256:"
        + HexFormat.of()
            .formatHex(
                java.security.MessageDigest.getInstance("SHA-256")
                    .digest(Files.readAllBytes(file)));
  }

  private String index() {
    return dist.resolve("index.json").toString();
  }

  private Path bundle(String name, String version) throws IOException {
    return Files.write(
        dist.resolve(name + "-" + version + ".gnplugin"), hello(name, version, ">=0.0.1"));
  }

  private static byte[] hello(String name, String version, String host) {
    return GuestBundle.of(name, Guests.wasm("version-1"))
        .version(version)
        .field("description", "\"Says hello\"")
        .field("license", "\"Apache-2.0\"")
        .field("capabilities", "[\"kv.read\"]")
        .field("requires", "{\"host\":\"" + host + "\"}")
        .bytes();
  }

  private String said(String... command) {
    assertThat(run(command)).as("%s%s", text, errors).isZero();
    return text;
  }

  private int run(String... command) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), command);
    text = out.toString();
    errors = err.toString();
    return code;
  }
}
