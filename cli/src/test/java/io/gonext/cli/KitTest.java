package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.cli.provenance.Provenance;
import io.gonext.cli.provenance.Sbom;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.manifest.Bundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The author's commands, on real plugins and in real hosts. */
class KitTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("gonext.root"), "examples");
  private static final Path RUST = EXAMPLES.resolve("hello-rust/hello-rust-0.1.0.gnplugin");

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path project;

  /** A plugin's directory without sources, so that no toolchain is needed. */
  @BeforeEach
  void project() throws IOException {
    project = Files.createDirectories(directory.resolve("project"));
    write("manifest.json", GuestBundle.of("sample", new byte[0]).manifest());
    Files.createDirectories(project.resolve("build"));
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("echo"));
  }

  @Test
  void check_accepts_a_plugin_that_a_host_accepts() {
    assertThat(run("check", RUST.toString())).as("%s%s", out, err).isZero();
    assertThat(out.toString())
        .matches(
            "ok  hello-rust@0\\.1\\.0, module of .*, compiled in [0-9.]+ s of 60 s processor"
                + " time\\R");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void check_lists_all_problems_of_manifest_and_module() throws IOException {
    write("manifest.json", "{\"apiVersion\":\"gonext.io/v1\",\"name\":\"X\",\"version\":\"one\"}");
    Files.write(project.resolve("build/plugin.wasm"), new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    assertThat(run("check", project.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("/name", "/version", "memory", "gn_handle_hook");
    assertThat(run("check", "--json", project.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains("{\"plugin\":")
        .contains("\"passed\":false,\"problems\":[\"/name: found \\\"X\\\"; allowed: ")
        .contains("\",\"/entry: it is missing;");
  }

  @Test
  void check_lists_faulty_metrics_and_texts() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0])
            .field("metrics", "[{\"name\":\"orders_total\",\"kind\":\"counter\"}]")
            .manifest());
    Files.createDirectories(project.resolve("locales"));
    write("locales/de.json", "{\"a\":\"{n, plural, one {1}}\",\"b\":\"{d, date}\"}");
    write("locales/de_AT.json", "{}");
    assertThat(run("check", project.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains(
            "  - /metrics/0/name: found \"orders_total\"; allowed: a name without the ending"
                + " _total",
            "  - locales/de.json: a: not an ICU message: ",
            "  - locales/de.json: b: the format date is not supported",
            "  - locales/de_AT.json: not named after a language tag");
  }

  @Test
  void check_lists_faulty_inputs_and_pack_packs_sound_ones() throws Exception {
    write("manifest.json", GuestBundle.of("sample", new byte[0]).filter("title").manifest());
    Files.createDirectories(project.resolve("warmup"));
    write("warmup/first.json", "{\"filter\":\"titel\",\"value\":\"a\"}");
    assertThat(run("check", project.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains("warmup/first.json: the manifest has no filter titel in /hooks/filters");
    assertThat(run("pack", project.toString())).isEqualTo(1);
    write("warmup/first.json", "{\"filter\":\"title\",\"value\":\"a\"}");
    assertThat(run("pack", project.toString())).as("%s%s", out, err).isZero();
    Path bundle = project.resolve("sample-1.0.0.gnplugin");
    assertThat(Bundle.read(Files.readAllBytes(bundle)).warmUpFiles())
        .containsOnlyKeys("warmup/first.json");
    assertThat(run("check", bundle.toString())).as("%s%s", out, err).isZero();
  }

  @Test
  void check_warns_of_metrics_without_the_capability() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0])
            .field("metrics", "[{\"name\":\"orders\",\"kind\":\"counter\"}]")
            .manifest());
    assertThat(run("check", project.toString())).as("%s%s", out, err).isZero();
    assertThat(out.toString())
        .contains("warning: /metrics: the manifest does not request metrics.observe");
  }

  @Test
  void check_warns_of_routes_that_only_code_or_manifest_has() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0]).route("GET", "/declared").manifest());
    String answer = "{\"value\":{\"routes\":[{\"method\":\"GET\",\"path\":\"/registered\"}]}}";
    Files.write(
        project.resolve("build/plugin.wasm"),
        Guests.saying(answer.getBytes(StandardCharsets.UTF_8)));
    assertThat(run("check", project.toString())).as("%s%s", out, err).isZero();
    assertThat(out.toString())
        .contains(
            "warning: the manifest has the route GET /declared, which the code does not register",
            "warning: the code registers the route GET /registered, which http.serve");
  }

  @Test
  void the_quick_check_finds_code_that_does_not_validate() throws IOException {
    byte[] module = Guests.wasm("echo");
    // The last instruction of the last function, before its end.
    byte[] broken = brokenCode(module);
    Files.write(project.resolve("build/plugin.wasm"), broken);
    assertThat(run("check", "--quick", project.toString())).as("%s%s", out, err).isEqualTo(1);
    assertThat(run("check", project.toString())).as("%s%s", out, err).isEqualTo(1);
  }

  @Test
  void check_lists_all_problems_of_a_bundle() throws IOException {
    byte[] manifest =
        "{\"name\":\"X\",\"version\":\"one\",\"entry\":\"gone.wasm\"}"
            .getBytes(StandardCharsets.UTF_8);
    Path bundle =
        Files.write(
            directory.resolve("wrong.gnplugin"),
            GuestBundle.zip(
                Map.of("manifest.json", manifest, "run.sh", new byte[1], "a.wasm", new byte[1])));
    assertThat(run("check", bundle.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains(
            "/name",
            "/version",
            "/entry: gone.wasm is not in the bundle",
            "run.sh: not a file of a bundle",
            "a.wasm: not a file of a bundle");
    Files.write(bundle, GuestBundle.zip(Map.of("README.md", new byte[0])));
    assertThat(run("check", bundle.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("no manifest.json at the top");
    Files.write(
        bundle,
        GuestBundle.zip(
            Map.of(
                "manifest.json",
                manifest,
                "../evil",
                new byte[1],
                "web//x",
                new byte[1],
                "run.sh",
                new byte[1])));
    assertThat(run("check", bundle.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains("/name", "../evil: ", "web//x: ", "run.sh: ")
        .doesNotContain("is not in the bundle");
    byte[] whole = Files.readAllBytes(RUST);
    Files.write(bundle, Arrays.copyOf(whole, whole.length / 2));
    assertThat(run("check", bundle.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("cut off within plugin.wasm");
  }

  @Test
  void a_missing_plugin_gives_exit_code_2_also_with_json() {
    String missing = directory.resolve("missing").toString();
    assertThat(run("check", missing)).isEqualTo(2);
    assertThat(err.toString()).startsWith("gonext: ").contains("does not exist");
    assertThat(run("check", "--json", missing)).isEqualTo(2);
    assertThat(out.toString()).startsWith("{\"error\":").contains("\"exit_code\":2");
  }

  @Test
  void pack_gives_equal_bytes_for_equal_files() throws Exception {
    write("README.md", "about");
    Files.createDirectories(project.resolve("web/css"));
    write("web/css/site.css", "b{}");
    write("web/index.html", "<b>");
    write("web/index.html~", "an editor's");
    Files.createDirectories(project.resolve("locales"));
    write("locales/de.json", "{\"a\":\"A\"}");
    assertThat(run("pack", project.toString())).as("%s%s", out, err).isZero();
    Path first = project.resolve("sample-1.0.0.gnplugin");
    Path other = directory.resolve("elsewhere");
    for (String name :
        List.of(
            "web/index.html",
            "web/css/site.css",
            "locales/de.json",
            "README.md",
            "manifest.json")) {
      Files.createDirectories(other.resolve(name).getParent());
      Files.write(other.resolve(name), Files.readAllBytes(project.resolve(name)));
      Files.setLastModifiedTime(other.resolve(name), FileTime.fromMillis(0));
    }
    Files.write(other.resolve("plugin.wasm"), Guests.wasm("echo"));
    Path second = directory.resolve("second.gnplugin");
    assertThat(run("pack", "--json", "-o", second.toString(), other.toString())).isZero();
    assertThat(second).hasSameBinaryContentAs(first);
    assertThat(out.toString())
        .contains(Bundle.read(Files.readAllBytes(first)).sha256())
        .contains("\"web/css/site.css\",\"web/index.html\"]");
    assertThat(run("check", "--quick", second.toString())).isZero();
  }

  @Test
  void pack_removes_debug_information_and_keeps_names_and_code() throws Exception {
    byte[] module = Guests.wasm("echo");
    ByteArrayOutputStream built = new ByteArrayOutputStream();
    built.writeBytes(module);
    built.writeBytes(custom(".debug_line", 300));
    built.writeBytes(custom("target_features", 3));
    built.writeBytes(custom(".debug_str", 2));
    Files.write(project.resolve("build/plugin.wasm"), built.toByteArray());
    Path file = directory.resolve("side.wasm");
    assertThat(run("pack", "--debug-file", file.toString(), project.toString()))
        .as("%s%s", out, err)
        .isZero();
    assertThat(file).hasBinaryContent(built.toByteArray());
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    packed.writeBytes(module);
    packed.writeBytes(custom("target_features", 3));
    assertThat(Bundle.read(Files.readAllBytes(project.resolve("sample-1.0.0.gnplugin"))).module())
        .isEqualTo(packed.toByteArray());
    assertThat(out.toString())
        .containsPattern("llvm-symbolizer --obj=\\S+side.wasm \\$\\(\\(0xN - 0x[0-9a-f]+\\)\\)");
  }

  @Test
  void pack_does_not_overwrite_files_that_it_packs() throws Exception {
    Path manifest = project.resolve("manifest.json");
    String before = Files.readString(manifest);
    String output = directory.resolve("same.gnplugin").toString();

    assertThat(run("pack", "-o", manifest.toString(), project.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("manifest.json is a file that goes into the bundle");
    assertThat(run("pack", "--debug-file", manifest.toString(), project.toString())).isEqualTo(2);
    assertThat(run("pack", "-o", output, "--debug-file", output, project.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("-o and --debug-file are both");
    assertThat(manifest).hasContent(before);
    assertThat(Path.of(output)).doesNotExist();
  }

  @Test
  void pack_writes_an_sbom_and_a_provenance_of_its_bundle() throws Exception {
    assertThat(run("pack", project.toString())).as("%s%s", out, err).isZero();
    Path bundle = project.resolve("sample-1.0.0.gnplugin");
    Path sbom = project.resolve("sample-1.0.0.cdx.json");
    Path provenance = project.resolve("sample-1.0.0.provenance.json");
    assertThat(out.toString().lines())
        .hasSize(2)
        .last()
        .isEqualTo("    with " + sbom + " and " + provenance);
    String sha256 = Bundle.read(Files.readAllBytes(bundle)).sha256();
    assertThat(Sbom.summary(Files.readAllBytes(sbom)).bundleSha256()).isEqualTo(sha256);
    Provenance.Summary read = Provenance.summary(Files.readAllBytes(provenance));
    assertThat(read.bundle()).isEqualTo("sample-1.0.0.gnplugin");
    assertThat(read.bundleSha256()).isEqualTo(sha256);
    assertThat(provenance).content().doesNotContain(directory.toString(), "\"command\"");

    // The same again, also where the files of the first time are there.
    String first = Files.readString(sbom) + Files.readString(provenance);
    assertThat(run("pack", "--json", project.toString())).isZero();
    assertThat(Files.readString(sbom) + Files.readString(provenance)).isEqualTo(first);
    assertThat(out.toString()).contains("\"sbom\":\"" + sbom, "\"provenance\":\"" + provenance);
    assertThat(project).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void pack_leaves_out_the_sbom_and_the_provenance_on_demand() throws Exception {
    Path file = directory.resolve("out");
    String[] pack = {"pack", "--no-sbom", "-o", file.toString(), project.toString()};
    assertThat(run(pack)).as("%s%s", out, err).isZero();
    assertThat(directory).isDirectoryNotContaining("glob:**.cdx.json");
    assertThat(directory.resolve("out.provenance.json")).content().doesNotContain("byproducts");
    Files.delete(directory.resolve("out.provenance.json"));
    pack[1] = "--no-provenance";
    assertThat(run(pack)).isZero();
    assertThat(directory.resolve("out.cdx.json")).exists();
    assertThat(directory).isDirectoryNotContaining("glob:**.provenance.json");
    String sbom = directory.resolve("out.cdx.json").toString();
    assertThat(run("pack", "-o", file.toString(), "--debug-file", sbom, project.toString()))
        .isEqualTo(2);
    assertThat(err.toString()).contains("out.cdx.json is written beside the bundle");
    assertThat(run("pack", "-o", directory.toString(), project.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(directory + " is a directory: give the name of a file");
  }

  private static byte[] custom(String name, int bytes) {
    ByteArrayOutputStream section = new ByteArrayOutputStream();
    int size = 1 + name.length() + bytes;
    section.write(0);
    section.write((size & 0x7f) | 0x80);
    section.write(size >> 7);
    section.write(name.length());
    section.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
    section.writeBytes(new byte[bytes]);
    return section.toByteArray();
  }

  @Test
  void pack_writes_no_bundle_that_a_host_would_reject() throws IOException {
    Files.write(project.resolve("build/plugin.wasm"), new byte[] {1, 2, 3});
    assertThat(run("pack", project.toString())).isEqualTo(1);
    assertThat(err.toString()).startsWith("gonext: a host would reject the plugin");
    assertThat(project.resolve("sample-1.0.0.gnplugin")).doesNotExist();
  }

  @Test
  void an_unwritable_path_is_reported_in_a_sentence() throws IOException {
    Path nowhere = directory.resolve("nowhere/a.gnplugin");
    assertThat(run("pack", "-o", nowhere.toString(), project.toString())).isEqualTo(1);
    assertThat(err.toString()).startsWith("gonext: " + nowhere + " cannot be written");
    Path file = Files.createFile(directory.resolve("file"));
    assertThat(run("init", "--lang", "c", file.resolve("new-one").toString())).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("gonext: cannot read or write a file")
        .contains(file.toString());
  }

  @Test
  void pack_rejects_symbolic_links() throws IOException {
    Files.createDirectories(project.resolve("web"));
    Path secret = Files.writeString(directory.resolve("secret"), "s");
    Files.createSymbolicLink(project.resolve("web/secret"), secret);
    assertThat(run("pack", project.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("web/secret is a symbolic link");
  }

  @Test
  void diff_shows_what_a_new_version_adds_and_removes() throws IOException {
    assertThat(run("pack", "-o", directory.resolve("a").toString(), project.toString())).isZero();
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0])
            .field("version", "\"0.2.0\"")
            .field("capabilities", "[\"http.fetch\"]")
            .field("hooks", "{\"filters\":[{\"name\":\"the_title\",\"priority\":5}]}")
            .field(
                "http",
                "{\"request_headers\":[\"accept\",\"Cookie\",\"x-acme-*\"],"
                    + "\"response_headers\":[\"Alt-Svc\"],"
                    + "\"fetch\":{\"allow\":[\"*.example.com\"]}}")
            .field("metrics", "[{\"name\":\"orders\",\"kind\":\"counter\"}]")
            .manifest());
    Files.createDirectories(project.resolve("locales"));
    write("locales/de.json", "{}");
    assertThat(run("diff", directory.resolve("a").toString(), project.toString()))
        .as("%s", err)
        .isZero();
    assertThat(out.toString())
        .contains(
            "sample@1.0.0 -> sample@0.2.0",
            "  + http.fetch (sensitive)",
            "  + http.credentials (sensitive)",
            "  + http.response_headers (sensitive)",
            "reach:",
            "  + http.fetch.allow https://*.example.com",
            "  + the_title (priority 5)",
            "request_headers:",
            "  + Cookie (sensitive)",
            "  + x-acme-*",
            "  - Authorization (sensitive)",
            "response_headers:",
            "  + Alt-Svc (sensitive)",
            "  + orders, counter",
            "  + de",
            "imports: no difference");
    assertThat(run("diff", "--json", project.toString(), RUST.toString())).isZero();
    assertThat(out.toString())
        .contains("\"routes\":{\"added\":[\"GET /hello/{name}\"],\"removed\":[]}")
        .contains("env.gn_log");
  }

  @Test
  void call_prints_only_the_result_on_stdout() {
    assertThat(run("call", RUST.toString(), "filter", "the_title", "--value", "\" a  b\""))
        .as("%s%s", out, err)
        .isZero();
    assertThat(out.toString()).isEqualTo("\"A B\"" + System.lineSeparator());
    assertThat(err.toString())
        .contains("filter the_title of hello-rust@0.1.0: ", " ms")
        .containsPattern(", [1-9][0-9]{0,2}(,[0-9]{3})* units of fuel")
        .containsPattern("it wrote to [1-9][0-9]* KB of its ");
  }

  @Test
  void call_prints_the_same_fuel_for_the_same_call() {
    Pattern fuel = Pattern.compile("\"fuel\":([1-9][0-9]*)");
    String[] call = {"call", "--json", RUST.toString(), "filter", "the_title", "--value", "\"a\""};
    assertThat(run(call)).as("%s%s", out, err).isZero();
    Matcher first = fuel.matcher(out.toString());
    assertThat(first.find()).isTrue();
    assertThat(run(call)).isZero();
    Matcher second = fuel.matcher(out.toString());
    assertThat(second.find()).isTrue();
    assertThat(second.group(1)).isEqualTo(first.group(1));
  }

  @Test
  void call_shows_log_lines_of_the_plugin() {
    assertThat(run("call", "--json", RUST.toString(), "action", "save_post", "--arg", "42"))
        .as("%s%s", out, err)
        .isZero();
    assertThat(out.toString())
        .contains("\"result\":null", "{\"level\":\"INFO\",\"message\":\"saved post 42\"}")
        // Whole blocks of 4 KiB, and at least the one that the payload was written to.
        .containsPattern("\"touched_bytes\":[1-9][0-9]*");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void call_prints_the_body_of_a_route() throws Exception {
    assertThat(run("call", RUST.toString(), "GET", "/hello/Ada?x=1")).as("%s%s", out, err).isZero();
    assertThat(out.toString().strip()).isEqualTo("{\"calls\":1,\"greeting\":\"Hello, Ada!\"}");
    assertThat(err.toString()).contains("GET /hello/Ada?x=1 of hello-rust@0.1.0: 200, ");
    assertThat(run("call", "--json", RUST.toString(), "get", "/hello/Ada")).isZero();
    assertThat(out.toString())
        .contains("\"status\":200", "\"Content-Type\":\"application/json\"", "Hello, Ada!");
  }

  @Test
  void call_sends_headers_to_a_route() throws IOException {
    write("manifest.json", GuestBundle.of("sample", new byte[0]).route("GET", "/").manifest());
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("route-logs"));
    run("call", project.toString(), "GET", "/", "--header", "accept: a", "--header", "Accept:b");
    assertThat(err.toString()).contains("\"headers\":{\"Accept\":\"a, b\"}");
  }

  @Test
  void call_runs_one_attempt_at_a_job() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0])
            .filter("enqueue")
            .field("capabilities", "[\"jobs.enqueue\",\"cron.register\",\"kv.write\"]")
            .field("jobs", "[\"say\",\"trap\"]")
            .manifest());
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("jobs"));
    assertThat(run("call", project.toString(), "job", "say", "--value", "{\"days\":7}"))
        .as("%s%s", out, err)
        .isZero();
    assertThat(err.toString()).contains("\"args\":{\"days\":7}", "\"attempt\":1");
    assertThat(run("call", project.toString(), "job", "trap")).isEqualTo(1);
    assertThat(err.toString())
        .contains("gonext: job trap failed (UNREACHABLE)")
        .containsPattern("\\R  at ");
    assertThat(run("call", project.toString(), "job", "other")).isEqualTo(2);
    assertThat(err.toString()).contains("has no job other in its manifest.json; it has only");
    assertThat(run("call", project.toString(), "job", "say", "--value", "7")).isEqualTo(2);
    assertThat(err.toString()).contains("the arguments of a job are an object");
  }

  @Test
  void call_prints_the_backtrace_of_a_trap() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0]).filter("h").route("GET", "/").manifest());
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("panic"));
    assertThat(run("call", project.toString(), "filter", "h")).isEqualTo(1);
    assertThat(err.toString().lines().limit(2).toList())
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .isEqualTo(
                        "gonext: sample failed in hook h (GUEST_PANIC): the guest panicked: the"
                            + " guest gave up"),
            frame -> assertThat(frame).startsWith("  at "));
    assertThat(run("call", project.toString(), "GET", "/")).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("gonext: GET / failed (GUEST_PANIC): the guest panicked")
        .containsPattern("\\R  at ");
  }

  @Test
  void call_fails_when_the_handler_fails() {
    assertThat(run("call", RUST.toString(), "filter", "the_title", "--value", "1")).isEqualTo(1);
    assertThat(err.toString()).contains("gonext: hello-rust failed in hook the_title");
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "filter no_such_hook            | only [the_content, the_title]",
        "filter the_title --value hello | in double quotes",
        "action save_post --value 1     | --arg",
        "hook the_title                 | FILTER, ACTION",
        "GET /nowhere                   | only [GET /hello/{name}]",
        "POST /hello/Ada                | only [GET /hello/{name}]",
        "GET hello                      | begins with /",
        "GET /hello/%zz                 | /hello/%zz",
        "GET /hello/Ada --value 1       | --body",
        "filter the_title --body x      | only a route",
        "filter the_title --header A:b  | only a route",
        "GET /hello/Ada --header Accept | NAME:VALUE",
        "GET /hello/Ada --header :x     | NAME:VALUE",
      })
  void call_reports_wrong_arguments(String arguments, String named) {
    assertThat(run(("call " + RUST + " " + arguments).split(" +", -1))).isEqualTo(2);
    assertThat(err.toString()).contains(named);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void build_runs_the_tool_of_the_project() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/make")), "no make");
    Files.move(project.resolve("build/plugin.wasm"), project.resolve("m.bin"));
    write("Makefile", "build/plugin.wasm: m.bin\n\t@echo compiling; cp m.bin $@\n");
    assertThat(run("build", project.toString())).as("%s%s", out, err).isZero();
    assertThat(err.toString()).contains("c, make", "compiling");
    assertThat(out.toString()).startsWith("ok  build/plugin.wasm, ");
    write("Makefile", "build/plugin.wasm: m.bin broken\n");
    assertThat(run("build", project.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("gonext: make build/plugin.wasm ended with exit code 2");
    // What is made of a project is made of its sources, not of what was built once.
    assertThat(run("pack", project.toString())).isEqualTo(1);
    assertThat(run("pack", "--no-build", project.toString())).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "rust,hello-rust,sdk/src",
    "go,hello-go,sdk",
    "assemblyscript,hello-as,sdk/assembly",
    "c,hello-c,sdk"
  })
  void init_creates_a_project_with_the_complete_sdk(String language, String example, String sources)
      throws IOException {
    Path made = directory.resolve("my-blog");
    assertThat(run("init", "--lang", language, made.toString())).as("%s%s", out, err).isZero();
    Path sdk = Path.of(System.getProperty("gonext.root"), "sdk", language);
    try (Stream<Path> files =
        Files.list(sdk.resolve(Path.of("sdk").relativize(Path.of(sources))))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        if (!name.matches("Cargo.lock|package-lock.json|rustfmt.toml|.*_test\\.go")) {
          assertThat(made.resolve(sources).resolve(name)).hasSameBinaryContentAs(file);
        }
      }
    }
    try (Stream<Path> files = Files.walk(made)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.startsWith(made.resolve("sdk"))
            && !file.startsWith(made.resolve("node_modules"))) {
          // Not one word of the example it was made of, nor a path out of the project.
          assertThat(file).content().doesNotContain("../", example, example.replace('-', '_'));
        }
      }
    }
    assertThat(made.resolve("manifest.json")).content().contains("\"name\": \"my-blog\"");
    assertThat(run("init", "--lang", language, made.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("is not empty");
  }

  @ParameterizedTest
  @CsvSource({"my-plugin,java,the languages are rust", "my-plugin,,--lang"})
  void init_reports_wrong_arguments(String name, @Nullable String language, String named) {
    Path made = directory.resolve(name);
    String[] arguments =
        language == null
            ? new String[] {"init", made.toString()}
            : new String[] {"init", made.toString(), "--lang", language};
    assertThat(run(arguments)).isEqualTo(2);
    assertThat(err.toString()).contains(named);
    assertThat(made).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bash", "zsh"})
  void completion_prints_a_script_that_the_shell_accepts(String shell) throws Exception {
    assertThat(runRoot("completion", shell)).isZero();
    Path script = Files.writeString(directory.resolve("completion"), out.toString());
    assertThat(script).content().contains("--no-build", "doctor", "bashcompinit");
    assumeTrue(Files.isExecutable(Path.of("/bin/" + shell)), "no " + shell);
    Process parsed = new ProcessBuilder(shell, "-n", script.toString()).inheritIO().start();
    assertThat(parsed.waitFor()).isZero();
  }

  /** A module whose sections are sound and whose code is not. */
  private static byte[] brokenCode(byte[] module) {
    byte[] broken = module.clone();
    int at = 8;
    while (broken[at] != 10) {
      int[] size = leb(broken, at + 1);
      at = size[1] + size[0];
    }
    int[] size = leb(broken, at + 1);
    int[] count = leb(broken, size[1]);
    int[] body = leb(broken, count[1]);
    int[] locals = leb(broken, body[1]);
    assertThat(locals[0]).isLessThan(2);
    // i32.add with nothing on the stack.
    broken[body[1] + body[0] - 2] = 0x6a;
    return broken;
  }

  /** An unsigned LEB128 number and where it ends. */
  private static int[] leb(byte[] bytes, int at) {
    int value = 0;
    int shift = 0;
    int i = at;
    do {
      value |= (bytes[i] & 0x7f) << shift;
      shift += 7;
    } while (bytes[i++] < 0);
    return new int[] {value, i};
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(project.resolve(name), text);
  }

  /** Runs {@code gonext plugin}. */
  private int run(String... arguments) {
    return runRoot(Stream.concat(Stream.of("plugin"), Stream.of(arguments)).toArray(String[]::new));
  }

  private int runRoot(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
