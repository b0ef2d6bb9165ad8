package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.cli.kit.PluginCommands;
import io.gonext.guests.GuestBundle;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** {@code gonext plugin fuzz} finds nothing in the first plugin of each language. */
@Tag("slow")
@ResourceLock("examples")
class FuzzExamplesTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("gonext.root"), "examples");

  /** More with {@code -Plong}. */
  private static final String CALLS =
      Integer.getInteger("gonext.test.calls", 0) > 0 ? "5000" : "200";

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void random_calls_find_nothing_in_an_example(Toolchain language) throws Exception {
    String name =
        language == Toolchain.ASSEMBLYSCRIPT
            ? "hello-as"
            : language == Toolchain.RUST ? "hello-rust" : "hello-" + language.folder;
    Path project = EXAMPLES.resolve(name);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", Files.readAllBytes(project.resolve("manifest.json")));
    files.put("plugin.wasm", language.module(project));
    Path bundle = Files.write(directory.resolve("plugin.gnplugin"), GuestBundle.zip(files));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();

    CommandLine plugin = new CommandLine(CommandSpec.create());
    PluginCommands.ALL.forEach(plugin::addSubcommand);
    int exitCode =
        plugin
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(
                "fuzz",
                bundle.toString(),
                "--calls",
                CALLS,
                // The example in Rust counts its calls, to show what "reused" means.
                "--ignore",
                "state",
                "--output",
                directory.resolve("fuzz").toString());

    // The seed is in the message.
    assertThat(exitCode).as("%s%s", out, err).isZero();
    assertThat(out.toString()).contains("nothing found");
  }
}
