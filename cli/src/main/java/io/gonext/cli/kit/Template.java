package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The files of a new project: the example of its language, renamed, and the SDK. Both are resources
 * of this jar, so nothing has to be downloaded.
 *
 * @param sdkPath the path of the SDK in the files of the project
 * @param files of the example
 * @param handlers the file with the handlers
 * @param reading how a handler reads a value of the configuration
 * @param counting how a handler counts in a key-value entry
 * @param test the command that runs the tests of the project
 * @param taken names that do not build, because the language or the SDK uses them
 */
record Template(
    String language,
    String example,
    String sdkPath,
    List<String> files,
    List<String> sdkFiles,
    String handlers,
    String reading,
    String counting,
    String test,
    Set<String> taken) {

  /** Tests of the built plugin. */
  private static final String TESTS = "tests/plugin.json";

  private static final Template RUST =
      new Template(
          "rust",
          "hello-rust",
          "sdk",
          List.of("Cargo.toml", "Cargo.lock", "manifest.json", "src/lib.rs", "src/text.rs", TESTS),
          List.of(
              "Cargo.toml",
              "README.md",
              "src/abi.rs",
              "src/base64.rs",
              "src/db.rs",
              "src/error.rs",
              "src/fetch.rs",
              "src/host.rs",
              "src/http.rs",
              "src/jobs.rs",
              "src/json.rs",
              "src/lib.rs",
              "src/plugin.rs",
              "src/testing.rs",
              "src/typed.rs"),
          "src/lib.rs",
          "let greeting = gonext::config::text(\"greeting\", \"Hello\")?;",
          "let calls = gonext::kv::incr(\"calls\", 1)?;",
          "cargo test",
          Set.of("gonext"));

  private static final Template GO =
      new Template(
          "go",
          "hello-go",
          "./sdk",
          List.of("go.mod", "main.go", "main_test.go", "manifest.json", TESTS),
          List.of(
              "README.md",
              "abi.go",
              "db.go",
              "fetch.go",
              "go.mod",
              "gonext.go",
              "host.go",
              "http.go",
              "jobs.go",
              "native.go"),
          "main.go",
          "greeting, err := gonext.Config.Text(\"greeting\", \"Hello\")",
          "calls, err := gonext.KV.Increment(\"calls\", 1)",
          "go test .",
          Set.of("cmd", "main", "std"));

  private static final Template ASSEMBLYSCRIPT =
      new Template(
          "assemblyscript",
          "hello-as",
          "sdk",
          List.of(
              "asconfig.json",
              "assembly/index.ts",
              "manifest.json",
              "package-lock.json",
              "package.json",
              "test/plugin.test.mjs",
              TESTS),
          List.of(
              "README.md",
              "assembly/abi.ts",
              "assembly/answer.ts",
              "assembly/base64.ts",
              "assembly/call.ts",
              "assembly/db.ts",
              "assembly/fetch.ts",
              "assembly/float.ts",
              "assembly/host.ts",
              "assembly/http.ts",
              "assembly/index.ts",
              "assembly/jobs.ts",
              "assembly/json.ts",
              "assembly/plugin.ts",
              "package.json",
              "testing.mjs"),
          "assembly/index.ts",
          "const greeting = config.text(\"greeting\", \"Hello\").value;",
          "const calls = kv.increment(\"calls\", 1).value;",
          "npm test",
          Set.of("assemblyscript", "gonext"));

  private static final Template C =
      new Template(
          "c",
          "hello-c",
          "sdk",
          List.of("Makefile", "manifest.json", "plugin.c", "test.c", TESTS),
          List.of("README.md", "gonext.h"),
          "plugin.c",
          "gn_text greeting = gn_string(\"Hello\");\n"
              + "gn_host_status status = gn_config_text(call, \"greeting\", &greeting);",
          "int64_t calls;\n"
              + "gn_host_status status = gn_kv_incr(call, gn_string(\"calls\"), 1, &calls);",
          "make test",
          Set.of());

  private static final List<Template> ALL = List.of(RUST, GO, ASSEMBLYSCRIPT, C);

  static Template of(String language) {
    return ALL.stream()
        .filter(template -> template.language.equalsIgnoreCase(language))
        .findFirst()
        .orElseThrow(() ->
            new CommandFailure(
                CommandFailure.Kind.USAGE,
                "--lang " + language + ": the languages are rust, go, assemblyscript, c"));
  }

  /** Whether npm has to install the compiler. */
  boolean needsNpm() {
    return equals(ASSEMBLYSCRIPT);
  }

  /** The files of a project for a plugin with this name, by path. */
  Map<String, byte[]> project(String name) throws IOException {
    Map<String, byte[]> project = new LinkedHashMap<>();
    for (String file : files) {
      String text =
          new String(resource("template/" + example + "/" + file), StandardCharsets.UTF_8)
              .replace("../../sdk/" + language, sdkPath)
              .replace(example, name)
              .replace(example.replace('-', '_'), name.replace('-', '_'));
      project.put(file, text.getBytes(StandardCharsets.UTF_8));
    }
    project.put("README.md", readme(name).getBytes(StandardCharsets.UTF_8));
    project.put(
        ".gitignore",
        """
        /build/
        /target/
        /node_modules/
        *.gnplugin
        *.cdx.json
        *.provenance.json
        /gonext.secrets.json
        """
            .getBytes(StandardCharsets.UTF_8));
    for (String file : sdkFiles) {
      project.put("sdk/" + file, resource("sdk/" + language + "/" + file));
    }
    return project;
  }

  private String readme(String name) {
    return """
    # %s

    A GoNext plugin. Its handlers are in `%s`. `manifest.json` lists them: a host never calls a hook
    that is not listed there. The directory `sdk` contains the SDK from `gonext plugin init`; its
    README describes the functions.

    Build the plugin, run its tests, and call, check and pack it:

    ```
    %sgonext plugin dev .
    %s
    gonext plugin test .
    gonext plugin call . filter the_content --value '"*hi*"'
    gonext plugin check .
    gonext plugin pack .
    ```

    `gonext plugin test` runs the tests in `tests/*.json` against the built plugin, on a host of their own; `--update` takes
    its results as the expected ones, `--coverage DIR` shows which lines ran, where the language has debug information.

    ## Configuration

    To let operators set a value, add a schema to `manifest.json`:

    ```
    "config": {"schema": {"type": "object", "properties": {
      "greeting": {"type": "string", "default": "Hello"}
    }}}
    ```

    A handler reads the value:

    ```
    %s
    ```

    An operator changes it while the host runs: `gonext config %s greeting=Hi`.

    ## Entries

    The plugin keeps values between calls with `"capabilities": ["kv.read", "kv.write"]` in `manifest.json`, which an
    operator grants:

    ```
    %s
    ```
    """
        .formatted(name, handlers, needsNpm() ? "npm ci\n" : "", test, reading, name, counting);
  }

  private static byte[] resource(String path) throws IOException {
    try (var in = Template.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IOException(path + " is missing from the cli's jar");
      }
      return in.readAllBytes();
    }
  }
}
