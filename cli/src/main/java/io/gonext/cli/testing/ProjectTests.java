package io.gonext.cli.testing;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonFile;
import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.engine.CompileCache;
import io.gonext.engine.Coverage;
import io.gonext.host.UserCompileCache;
import io.gonext.testkit.file.FileTest;
import io.gonext.testkit.file.InvalidTestFileException;
import io.gonext.testkit.file.TestFile;
import io.gonext.testkit.file.TestOutcome;
import io.gonext.testkit.file.TestSuite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tests of a plugin: all files {@code *.json} of a directory. For one thread.
 *
 * @param files in the order of their names
 */
public record ProjectTests(List<Source> files) {
  /** The directory in a project. */
  public static final String DIRECTORY = "tests";

  public ProjectTests {
    files = List.copyOf(files);
  }

  /** A file of tests. */
  public record Source(Path path, TestFile content) {}

  /** What one test came to. */
  public record Ran(Source source, TestOutcome outcome) {}

  /**
   * What all tests came to.
   *
   * @param coverage what of the plugin ran; null if it was not counted
   */
  public record Result(List<Ran> tests, @Nullable Coverage coverage) {
    public Result {
      tests = List.copyOf(tests);
    }

    /** How many did not pass. */
    public long failed() {
      return tests.stream().filter(ran -> !ran.outcome.passed()).count();
    }
  }

  /**
   * Reads the tests in a directory; none if there is no such directory.
   *
   * @throws CommandFailure with all that is wrong in them
   */
  public static ProjectTests read(Path directory) {
    if (!Files.isDirectory(directory)) {
      return new ProjectTests(List.of());
    }
    List<Source> sources = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Map<String, Path> names = new HashMap<>();
    for (Path file : files(directory)) {
      try (var in = Files.newInputStream(file)) {
        TestFile content = TestFile.parse(in.readNBytes(TestFile.MAX_BYTES + 1));
        for (FileTest test : content.tests()) {
          Path other = names.putIfAbsent(test.name(), file);
          if (other != null) {
            problems.add("- %s: %s has a test \"%s\", too".formatted(file, other, test.name()));
          }
        }
        sources.add(new Source(file, content));
      } catch (InvalidTestFileException e) {
        e.problems().forEach(problem -> problems.add("- " + file + ": " + problem));
      } catch (IOException e) {
        problems.add("- " + file + " cannot be read: " + CommandFailure.reason(e));
      }
    }
    if (!problems.isEmpty()) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, "the tests are not valid:", problems);
    }
    return new ProjectTests(sources);
  }

  private static List<Path> files(Path directory) {
    try (var found = Files.list(directory)) {
      return found
          .filter(file -> file.toString().endsWith(".json") && Files.isRegularFile(file))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, directory + " cannot be read: " + CommandFailure.reason(e));
    }
  }

  /** Those with this text in their name. */
  public ProjectTests only(String text) {
    List<Source> some = new ArrayList<>();
    for (Source source : files) {
      List<FileTest> tests =
          source.content.tests().stream().filter(test -> test.name().contains(text)).toList();
      if (!tests.isEmpty()) {
        some.add(new Source(source.path, source.content.with(tests)));
      }
    }
    return new ProjectTests(some);
  }

  /** The capabilities of the functions that the tests answer. */
  public Set<String> capabilities() {
    Set<String> ids = new TreeSet<>();
    for (Source source : files) {
      for (FileTest test : source.content.tests()) {
        ids.addAll(test.capabilities());
      }
    }
    return ids;
  }

  /** The number of tests. */
  public int size() {
    return files.stream().mapToInt(source -> source.content.tests().size()).sum();
  }

  /**
   * What the author's files beside the manifest say for all tests.
   *
   * @param directory of the project
   * @param stubs of the application's functions
   * @param capabilities that the application offers besides
   */
  public static TestSuite.Defaults defaults(
      Path directory, List<AuthorFiles.Stub> stubs, Set<String> capabilities) {
    return new TestSuite.Defaults(
        Files.isDirectory(directory) ? AuthorFiles.config(directory) : Optional.empty(),
        stubs.stream()
            .map(stub -> new TestSuite.Function(stub.name(), stub.capability(), stub.answer()))
            .toList(),
        capabilities);
  }

  /**
   * Runs the tests.
   *
   * @param counted the module whose coverage is counted; null for no coverage
   * @param each gets each test when it has ended
   */
  public Result run(
      byte[] bundle, byte @Nullable [] counted, TestSuite.Defaults defaults, Consumer<Ran> each)
      throws IOException, InterruptedException {
    List<Ran> all = new ArrayList<>();
    try (TemporaryDirectory scratch = TemporaryDirectory.create();
        TestSuite suite = suite(bundle, counted, defaults, compiled(scratch.path()))) {
      for (Source source : files) {
        for (FileTest test : source.content.tests()) {
          if (Thread.interrupted()) {
            throw new InterruptedException();
          }
          Ran ran;
          try {
            ran = new Ran(source, suite.run(test));
          } catch (RuntimeException e) {
            if (Thread.interrupted()) {
              throw new InterruptedException();
            }
            throw e;
          }
          all.add(ran);
          each.accept(ran);
        }
      }
      return new Result(all, counted == null ? null : suite.coverage());
    }
  }

  private static TestSuite suite(
      byte[] bundle,
      byte @Nullable [] counted,
      TestSuite.Defaults defaults,
      CompileCache compiled) {
    return counted == null
        ? TestSuite.of(bundle, defaults, compiled)
        : TestSuite.counting(bundle, counted, defaults, compiled);
  }

  /** The user's cache, or one that is gone afterwards. */
  private static CompileCache compiled(Path scratch) throws IOException {
    try {
      return UserCompileCache.open();
    } catch (IOException | SecurityException unusable) {
      return UserCompileCache.open(scratch.resolve("compiled"));
    }
  }

  /**
   * Writes what tests came to in the place of what they expected.
   *
   * @return the files that have changed
   */
  public static List<Path> update(List<Ran> failed) {
    List<Path> changed = new ArrayList<>();
    for (Ran ran : failed) {
      ran.source.content.update(ran.outcome);
      if (!changed.contains(ran.source.path)) {
        changed.add(ran.source.path);
      }
    }
    for (Path file : changed) {
      failed.stream()
          .filter(ran -> ran.source.path.equals(file))
          .findFirst()
          .ifPresent(ran -> JsonFile.replace(file, JsonFile.bytes(ran.source.content.json())));
    }
    return changed;
  }
}
