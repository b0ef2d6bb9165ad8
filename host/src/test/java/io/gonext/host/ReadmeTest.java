package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java is compiled and run as it stands there. */
@Tag("slow")
class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Path BUNDLE = Path.of("examples/hello-rust/hello-rust-0.1.0.gnplugin");
  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path directory;

  @Test
  void the_coordinates_are_those_of_the_build() throws IOException {
    String pom = Files.readString(ROOT.resolve("host/pom.xml"));
    String version = pom.substring(pom.indexOf("<version>"), pom.indexOf("</version>"));
    assertThat(pom).contains("<artifactId>gonext-host</artifactId>");
    assertThat(Files.readString(ROOT.resolve("README.md")))
        .contains("<artifactId>gonext-host</artifactId>\n  " + version + "</version>");
  }

  @Test
  void the_flags_for_an_embedding_jvm_are_those_of_the_launcher() throws IOException {
    String launcher = Files.readString(ROOT.resolve("bin/jvm.sh"));
    String options = launcher.substring(launcher.indexOf("java_options=\""));
    String readme = Files.readString(ROOT.resolve("README.md"));
    Matcher flag =
        Pattern.compile("-Xss\\w+|-XX:-\\w+|--enable-native-access=[\\w-]+")
            .matcher(options.substring(0, options.indexOf("-XX:+")));
    int flags = 0;
    for (; flag.find(); flags++) {
      assertThat(readme).contains(flag.group());
    }
    assertThat(flags).isEqualTo(4);
    String compilers = "-XX:CICompilerCount=4";
    assertThat(launcher).contains(compilers);
    assertThat(readme).contains(compilers);
  }

  @Test
  void the_lines_of_java_work() throws IOException, InterruptedException {
    List<String> snippets =
        SNIPPET
            .matcher(Files.readString(ROOT.resolve("README.md")))
            .results()
            .map(snippet -> snippet.group(1))
            .toList();
    assertThat(snippets).hasSize(3);
    Path program = directory.resolve("Readme.java");
    Files.writeString(
        program,
        """
        import io.gonext.host.CacheInvalidation;
        import io.gonext.host.CacheListener;
        import io.gonext.host.Host;
        import io.gonext.host.HostConfig;
        import io.gonext.host.HostFunctionSpec;
        import java.nio.file.Path;
        import java.util.Map;
        import java.util.Set;

        class Readme {
          public static void main(String[] args) throws Exception {
        %s
          }
        }
        """
            .formatted(String.join("", snippets)));
    Files.createDirectories(directory.resolve(BUNDLE).getParent());
    Files.copy(ROOT.resolve(BUNDLE), directory.resolve(BUNDLE));

    Process process =
        ChildJvm.plain()
            .builder(List.of(), program.toString())
            .directory(directory.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var in = process.getInputStream()) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("Hello <strong>world</strong>")
          .endsWith("Plugins may call posts.find" + System.lineSeparator());
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isZero();
  }
}
