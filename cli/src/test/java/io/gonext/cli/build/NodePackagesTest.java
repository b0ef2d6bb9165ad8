package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodePackagesTest {
  @TempDir private Path directory;
  private final List<String> shown = new ArrayList<>();

  @Test
  void npm_installs_the_lock_file_without_running_scripts() throws Exception {
    ScriptedRunner runner = new ScriptedRunner((command, output) -> 0);
    npm();
    install(runner);
    assertThat(runner.typed())
        .singleElement()
        .asString()
        .contains("npm ci ", "--ignore-scripts", "--prefer-offline");
    assertThat(runner.commands.getFirst().directory()).isEqualTo(directory);
  }

  @Test
  void a_failure_of_npm_contains_its_output() throws Exception {
    ScriptedRunner runner =
        new ScriptedRunner((command, output) -> {
          output.accept("npm error code EAI_AGAIN");
          return 1;
        });
    npm();
    CommandFailure failure = catchThrowableOfType(CommandFailure.class, () -> install(runner));
    assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.TOOLCHAIN);
    assertThat(failure.details()).containsExactly("npm error code EAI_AGAIN");
    assertThat(shown).containsExactly("npm error code EAI_AGAIN");
  }

  @Test
  void a_missing_npm_is_reported_with_advice() {
    ScriptedRunner runner = new ScriptedRunner((command, output) -> 0);
    CommandFailure failure = catchThrowableOfType(CommandFailure.class, () -> install(runner));
    assertThat(failure).hasMessage("npm is not on PATH; it is needed to build assemblyscript");
    assertThat(failure.details()).singleElement().asString().contains("apt-get install nodejs npm");
    assertThat(runner.commands).isEmpty();
  }

  private void npm() throws IOException {
    Path npm = Files.createFile(directory.resolve("npm"));
    assertThat(npm.toFile().setExecutable(true)).isTrue();
  }

  private void install(CommandRunner runner) throws InterruptedException {
    NodePackages.install(directory, shown::add, Map.of("PATH", directory.toString()), runner);
  }
}
