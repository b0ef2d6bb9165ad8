package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: their output, their end, and their children's. */
@Timeout(60)
class ProcessRunnerTest {
  @TempDir private Path directory;
  private final ProcessRunner runner = new ProcessRunner();
  private final List<String> lines = new CopyOnWriteArrayList<>();

  @Test
  void a_program_returns_its_lines_and_exit_code() throws Exception {
    int code = run("echo one; echo two >&2; printf 'no end of line'; exit 7");
    assertThat(code).isEqualTo(7);
    assertThat(lines).containsExactly("one", "two", "no end of line");
  }

  @Test
  void a_program_gets_its_directory_and_environment_but_no_input() throws Exception {
    ToolCommand command =
        new ToolCommand(
            List.of("sh", "-c", "pwd; echo $GONEXT_TEST; cat; echo end"),
            directory,
            Map.of("GONEXT_TEST", "value"));
    assertThat(runner.run(command, lines::add)).isZero();
    assertThat(lines).containsExactly(directory.toRealPath().toString(), "value", "end");
  }

  @Test
  void a_missing_program_throws_an_IOException() {
    assertThatThrownBy(() -> runner.run(ToolCommand.of(directory, "no-such-program"), lines::add))
        .isInstanceOf(IOException.class);
  }

  @Test
  void a_daemon_left_behind_does_not_block_the_runner() throws Exception {
    assertThat(run("sleep 600 & echo $!")).isZero();
    ProcessHandle daemon = ProcessHandle.of(Long.parseLong(lines.getFirst())).orElseThrow();
    assertThat(daemon.destroyForcibly()).isTrue();
  }

  @Tag("slow")
  @Test
  void an_interrupt_ends_the_whole_process_tree() throws Exception {
    AtomicReference<Throwable> outcome = new AtomicReference<>();
    Thread build =
        Thread.ofPlatform()
            .start(() -> {
              try {
                // A child, a grandchild, and one that does not listen.
                run(
                    "sh -c 'sleep 600 & echo $!; wait' & "
                        + "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & "
                        + "echo $$; wait");
              } catch (InterruptedException | IOException e) {
                outcome.set(e);
              }
            });
    await().atMost(Duration.ofSeconds(20)).until(() -> lines.size() == 3);
    List<String> processes = List.copyOf(lines);
    build.interrupt();
    build.join();
    assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
    assertThat(processes)
        .allSatisfy(pid ->
            assertThat(ProcessHandle.of(Long.parseLong(pid)).filter(ProcessRunner::runs))
                .isEmpty());
  }

  private int run(String script) throws IOException, InterruptedException {
    return runner.run(ToolCommand.of(directory, "sh", "-c", script), lines::add);
  }
}
