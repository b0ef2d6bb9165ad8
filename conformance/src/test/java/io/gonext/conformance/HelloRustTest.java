package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.testkit.TestHost;
import io.gonext.testkit.TestPlugin;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The example plugin: the committed bundle, and one built from its source now. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("examples")
class HelloRustTest {
  private static final Path SOURCE =
      Path.of(System.getProperty("gonext.root"), "examples", "hello-rust");

  /** The exit code of the example's build script where no Rust can build for WebAssembly. */
  private static final int TOOLCHAIN_MISSING = 3;

  @Nested
  class Committed extends Contract {
    @Override
    Path bundle() {
      return SOURCE.resolve("hello-rust-0.1.0.gnplugin");
    }
  }

  @Nested
  class BuiltNow extends Contract {
    @TempDir private Path directory;

    @Override
    Path bundle() throws IOException, InterruptedException {
      Path bundle = directory.resolve("fresh.gnplugin");
      Run build = run(SOURCE.resolve("build").toString(), bundle.toString());
      assumeTrue(build.exitCode != TOOLCHAIN_MISSING, build.output);
      assertThat(build.exitCode).as(build.output).isZero();
      return bundle;
    }
  }

  @Test
  void its_own_tests_pass() throws IOException, InterruptedException {
    testWithCargo(SOURCE);
  }

  /** For this machine, as editors compile it: there is nobody who calls the handlers. */
  @Test
  void a_plugin_compiles_without_warnings_outside_of_webassembly() throws Exception {
    assumeTrue(isOnPath("cargo"), "no cargo on PATH: apt-get install cargo");
    Run check =
        run(
            "cargo",
            "rustc",
            "--quiet",
            "--lib",
            "--profile",
            "check",
            "--offline",
            "--manifest-path",
            SOURCE + "/Cargo.toml",
            "--",
            "--deny",
            "warnings");
    assertThat(check.exitCode).as(check.output).isZero();
  }

  /** Those of the README's plugin included. A copy has no dependencies, so it needs no network. */
  @Test
  void the_sdks_own_tests_pass(@TempDir Path copy) throws IOException, InterruptedException {
    Path sdk = SOURCE.resolveSibling("../sdk/rust").normalize();
    try (Stream<Path> files = Files.walk(sdk.resolve("src"))) {
      for (Path file : files.toList()) {
        Files.createDirectories(copy.resolve("src"));
        if (Files.isRegularFile(file)) {
          Files.copy(file, copy.resolve("src").resolve(file.getFileName().toString()));
        }
      }
    }
    Files.copy(sdk.resolve("README.md"), copy.resolve("README.md"));
    String manifest =
        Files.readString(sdk.resolve("Cargo.toml"))
            .replaceAll("(?m)^serde = \\[.*", "serde = []")
            .replaceAll("(?m)^serde = \\{.*", "");
    Files.writeString(copy.resolve("Cargo.toml"), manifest);
    testWithCargo(copy);
  }

  @Test
  void the_rust_sdk_takes_types_of_serde() throws IOException, InterruptedException {
    assumeTrue(isOnPath("cargo"), "no cargo on PATH: apt-get install cargo");
    String manifest = SOURCE.resolveSibling("../sdk/rust").normalize() + "/Cargo.toml";
    Run fetch = run("cargo", "fetch", "--quiet", "--locked", "--manifest-path", manifest);
    assumeTrue(fetch.exitCode == 0, "cargo does not get serde from crates.io: " + fetch.output);
    Run tests =
        run(
            "cargo",
            "test",
            "--quiet",
            "--offline",
            "--lib",
            "--features",
            "serde",
            "--manifest-path",
            manifest);
    assertThat(tests.exitCode).as(tests.output).isZero();
    assertThat(tests.output).contains("test result: ok");
  }

  private static void testWithCargo(Path crate) throws IOException, InterruptedException {
    assumeTrue(isOnPath("cargo"), "no cargo on PATH: apt-get install cargo");
    Run tests =
        run("cargo", "test", "--quiet", "--offline", "--manifest-path", crate + "/Cargo.toml");
    assertThat(tests.exitCode).as(tests.output).isZero();
    assertThat(tests.output).contains("test result: ok");
  }

  abstract static class Contract {
    abstract Path bundle() throws IOException, InterruptedException;

    @Test
    void the_rust_example_does_what_its_readme_says() throws Exception {
      try (TestHost host = Hosts.test()) {
        TestPlugin plugin = host.install(bundle());
        assertThat(plugin.warnings()).isEmpty();
        plugin
            .filter("the_content", "a *b* c")
            .returned("{\"$regex\":\"^a <strong>b</strong> c[^z]*hello-rust\"}");
        plugin.filter("the_title", " ein  über-titel ").returned("\"Ein Über-titel\"");
        plugin.action("save_post", Map.of("id", 1)).returned("null").logged("info", "saved a post");
        plugin
            .get("/hello/Ada \"😀\"\n")
            .answered(200, "{\"calls\":1,\"greeting\":\"Hello, Ada \\\"😀\\\"\\n!\"}");
        plugin.get("/hello/Bob").answered(200, "{\"calls\":2,\"greeting\":\"Hello, Bob!\"}");
        plugin.filter("the_content", List.of(1)).failed("STATUS", "-3 \\(bad payload\\)");
        plugin.filter("the_title", "still here").returned("\"Still Here\"");
        Hosts.assertBalanced(host.host(), plugin.name());
      }
    }
  }

  private record Run(int exitCode, String output) {}

  private static Run run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder
        .environment()
        .merge(
            "PATH",
            Path.of(System.getProperty("java.home"), "bin").toString(),
            (path, jdk) -> path + File.pathSeparator + jdk);
    Process process = builder.start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return new Run(process.exitValue(), output);
  }

  private static boolean isOnPath(String program) {
    String path = System.getenv("PATH");
    return path != null
        && List.of(path.split(File.pathSeparator, -1)).stream()
            .anyMatch(directory -> Path.of(directory, program).toFile().canExecute());
  }
}
