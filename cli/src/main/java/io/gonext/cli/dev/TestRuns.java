package io.gonext.cli.dev;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.testing.ProjectTests;
import io.gonext.cli.testing.ProjectTests.Ran;
import io.gonext.engine.EngineException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs the project's {@code tests/*.json} against each version that goes live, on a thread of its
 * own: the loop does not wait for them. A newer version ends the tests of the one before it.
 */
final class TestRuns implements AutoCloseable {
  private final Path root;
  private final DevOutput output;
  private final TimeSources time;

  /** The newest run. Written by the loop's thread. */
  private volatile @Nullable Run newest;

  TestRuns(Path root, DevOutput output, TimeSources time) {
    this.root = root;
    this.output = output;
    this.time = time;
  }

  /** The tests of one version. */
  private static final class Run {
    final CompletableFuture<Boolean> passed = new CompletableFuture<>();
  }

  /** Runs the tests against a version. */
  void begin(Artifact artifact) {
    Run before = newest;
    Run next = new Run();
    newest = next;
    var _ =
        Thread.ofPlatform()
            .daemon()
            .name("gonext-tests")
            .start(() -> {
              boolean all = false;
              try {
                if (before != null) {
                  // It ends with the test that runs now; two suites would compete for the machine.
                  var _ = before.passed.join();
                }
                all = run(artifact, () -> newest == next);
              } catch (CancellationException e) {
                // A newer version has its own run.
              } finally {
                var _ = next.passed.complete(all);
              }
            });
  }

  /** Whether all tests of the newest version passed, once they have ended. */
  boolean awaitPassed() {
    Run run = newest;
    return run == null || run.passed.join();
  }

  private boolean run(Artifact artifact, BooleanSupplier isNewest) {
    long begin = time.nanoTime();
    try {
      ProjectTests tests = ProjectTests.read(root.resolve(ProjectTests.DIRECTORY));
      if (tests.size() == 0) {
        output.emit(new DevEvent.Warning("--test: there are no tests/*.json in the project"));
        return true;
      }
      List<AuthorFiles.Stub> stubs = AuthorFiles.functions(root);
      ProjectTests.Result result =
          tests.run(
              bundle(artifact),
              null,
              ProjectTests.defaults(
                  root, stubs, AuthorFiles.capabilities(stubs, tests.capabilities()).ids()),
              ran -> {
                if (!isNewest.getAsBoolean()) {
                  throw new CancellationException();
                }
              });
      output.emit(
          new DevEvent.Tested(
              result.tests().size(),
              result.tests().stream().filter(ran -> !ran.outcome().passed()).toList(),
              Duration.ofNanos(time.nanoTime() - begin)));
      return result.failed() == 0;
    } catch (CommandFailure e) {
      failed(e);
    } catch (EngineException | IOException e) {
      failed(new CommandFailure(CommandFailure.Kind.FAILED, "the tests: " + e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private void failed(CommandFailure failure) {
    output.emit(new DevEvent.Failed("test", failure, Duration.ZERO, 0));
  }

  private static byte[] bundle(Artifact artifact) {
    Map<String, byte[]> files = new HashMap<>(artifact.files());
    files.put(Bundle.MANIFEST, artifact.manifestJson());
    files.put(artifact.manifest().entry(), artifact.wasm());
    return BundleWriter.write(files);
  }

  /** Ends the tests after the one that runs. */
  @Override
  public void close() {
    newest = null;
  }

  /** A test that did not pass, in lines. */
  static List<String> lines(Ran ran) {
    List<String> lines = new ArrayList<>(List.of("FAIL  " + ran.outcome().name()));
    ran.outcome().problems().forEach(problem -> lines.add("      " + problem));
    ran.outcome().lines().forEach(line -> lines.add("      " + line));
    return lines;
  }
}
