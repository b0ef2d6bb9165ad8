package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
  void npm_installs_what_the_lock_file_names_and_runs_no_script_of_it() throws Exception {
    Scripted.Runner runner = new Scripted.Runner((command, output) -> 0);
    npm();
    install(runner);
    assertThat(runner.typed())
        .singleElement()
        .asString()
        .contains("npm ci ", "--ignore-scripts", "--prefer-offline");
    assertThat(runner.commands.getFirst().directory()).isEqualTo(directory);
  }

  @Test
  void a_registry_that_is_away_is_told_with_what_npm_said() throws Exception {
    Scripted.Runner runner =
        new Scripted.Runner((command, output) -> {
          output.accept("npm error code EAI_AGAIN");
          return 1;
        });
    npm();
    DevFailure failure = catchThrowableOfType(DevFailure.class, () -> install(runner));
    assertThat(failure.kind()).isEqualTo(DevFailure.Kind.TOOLCHAIN);
    assertThat(failure.details()).containsExactly("npm error code EAI_AGAIN");
    assertThat(shown).containsExactly("npm error code EAI_AGAIN");
  }

  @Test
  void without_npm_it_says_what_installs_it() {
    Scripted.Runner runner = new Scripted.Runner((command, output) -> 0);
    DevFailure failure = catchThrowableOfType(DevFailure.class, () -> install(runner));
    assertThat(failure).hasMessage("no npm on PATH, which builds assemblyscript");
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
