package io.gonext.cli.build;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Runs programs as child processes. Thread-safe. */
public final class ProcessRunner implements CommandRunner {
  /** How long a process may take to end before it is killed. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /**
   * How long to wait for output after the program has ended: a daemon that it left behind may keep
   * the pipe open.
   */
  private static final Duration STRAGGLERS = Duration.ofMillis(500);

  @Override
  public int run(ToolCommand command, Consumer<String> output)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command.argv())
            .directory(command.directory().toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(nothing()));
    builder.environment().putAll(command.environment());
    Process process = builder.start();
    CompletableFuture<Void> drained = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("gonext-build-output")
        .start(() -> {
          try (BufferedReader lines =
              new BufferedReader(
                  new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
              output.accept(line);
            }
          } catch (IOException e) {
            // The stream was closed under the reader: the process was ended.
          } finally {
            drained.complete(null);
          }
        });
    try {
      int exitCode = process.waitFor();
      drained.get(STRAGGLERS.toMillis(), TimeUnit.MILLISECONDS);
      return exitCode;
    } catch (TimeoutException e) {
      process.getInputStream().close();
      return process.exitValue();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException("never completed exceptionally", e);
    } finally {
      if (process.isAlive()) {
        end(process.toHandle());
      }
    }
  }

  /**
   * Ends a process and all its descendants. They are listed before the process is asked to end,
   * since orphans get another parent, and again while it ends.
   */
  private static void end(ProcessHandle root) {
    Set<ProcessHandle> tree = new LinkedHashSet<>();
    collect(root, tree);
    tree.forEach(ProcessHandle::destroy);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    boolean interrupted = false;
    while (tree.stream().anyMatch(ProcessRunner::runs) && System.nanoTime() < deadline) {
      for (ProcessHandle known : Set.copyOf(tree)) {
        known.descendants().filter(tree::add).forEach(ProcessHandle::destroy);
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      }
    }
    tree.forEach(known -> {
      known.descendants().forEach(ProcessHandle::destroyForcibly);
      known.destroyForcibly();
    });
    root.onExit().completeOnTimeout(root, 1, TimeUnit.SECONDS).join();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Whether a process runs. An orphan that has ended stays a zombie until the init process collects
   * it, and Java reports a zombie as alive.
   */
  public static boolean runs(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      String stat =
          Files.readString(
              Path.of("/proc", String.valueOf(process.pid()), "stat"), StandardCharsets.ISO_8859_1);
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      // Not Linux, or the process has just ended.
      return process.isAlive();
    }
  }

  private static void collect(ProcessHandle root, Set<ProcessHandle> into) {
    into.add(root);
    root.descendants().forEach(into::add);
  }

  private static File nothing() {
    return new File(File.separatorChar == '\\' ? "NUL" : "/dev/null");
  }
}
