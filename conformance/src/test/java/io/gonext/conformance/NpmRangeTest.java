package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Version;
import io.gonext.host.manifest.VersionRange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The same answers as npm's own {@code semver}, for random ranges and for texts that almost are
 * ranges. {@code -Dgonext.semver.seed} tries others, {@code -Dgonext.semver.ranges} more.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class NpmRangeTest {
  private static final long SEED = Long.getLong("gonext.semver.seed", 20261129);
  private static final int RANGES = Integer.getInteger("gonext.semver.ranges", 12_000);
  private static final int VERSIONS = 5;

  private static final String[] NUMBERS = {
    "0", "0", "0", "1", "1", "2", "3", "9", "10", "4294967296", "99999999999"
  };
  private static final String[] IDENTIFIERS = {
    "0", "1", "2", "10", "a", "alpha", "b", "rc", "-", "1a", "x", "0a", "4294967296"
  };
  private static final String[] OPERATORS = {
    "", "", "", "^", "^", "~", "~", "~>", ">", ">=", "<", "<=", "=", "v", "^ ", "> ", ">= ", "~ ",
    "<=  "
  };
  private static final String NOISE = "0123x*X.-+ =v<>~^|a,!\t";

  @TempDir private Path directory;

  @Test
  @Timeout(120)
  void ranges_hold_what_npm_says_they_hold() throws IOException, InterruptedException {
    Random random = new Random(SEED);
    List<List<String>> questions = new ArrayList<>();
    for (int i = 0; i < RANGES; i++) {
      List<String> question = new ArrayList<>(List.of("range", range(random)));
      for (int j = 0; j < VERSIONS; j++) {
        question.add(version(random));
      }
      questions.add(question);
    }
    List<String> npm = npm(questions);
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    int held = 0;
    for (int i = 0; i < questions.size(); i++) {
      List<String> question = questions.get(i);
      String ours = ours(question.get(1), question.subList(2, question.size()));
      refused += ours.equals("-") ? 1 : 0;
      held += ours.contains("1") ? 1 : 0;
      if (!ours.equals(npm.get(i))) {
        wrong.add(question + ": npm " + npm.get(i) + ", ours " + ours);
      }
    }
    System.out.printf(
        "seed %d: %d ranges, %d pairs; %d ranges refused, %d hold one of their versions%n",
        SEED, RANGES, RANGES * VERSIONS, refused, held);
    assertThat(wrong).as("with seed %d", SEED).isEmpty();
    // A comparison of nothing but refusals would show nothing.
    assertThat(refused).isBetween(RANGES / 20, RANGES / 2);
    assertThat(held).isGreaterThan(RANGES / 10);
  }

  @Test
  @Timeout(120)
  void versions_are_in_the_order_of_npm() throws IOException, InterruptedException {
    Random random = new Random(SEED);
    List<List<String>> questions = new ArrayList<>();
    for (int i = 0; i < RANGES; i++) {
      questions.add(List.of("compare", version(random), version(random)));
    }
    List<String> ours =
        questions.stream()
            .map(pair -> Version.parse(pair.get(1)).precedence(Version.parse(pair.get(2))))
            .map(order -> Integer.toString(Integer.signum(order)))
            .toList();
    assertThat(ours).as("with seed %d", SEED).isEqualTo(npm(questions));
  }

  private static String ours(String text, List<String> versions) {
    VersionRange range;
    try {
      range = VersionRange.parse(text);
    } catch (IllegalArgumentException notARange) {
      return "-";
    }
    return versions.stream()
        .map(version -> range.contains(Version.parse(version)) ? "1" : "0")
        .collect(Collectors.joining());
  }

  /** The answers of {@code src/test/npm/semver.mjs}, one for each question. */
  private List<String> npm(List<List<String>> questions) throws IOException, InterruptedException {
    Path npm = TestTool.npm();
    Path input = directory.resolve("questions");
    Path output = directory.resolve("answers");
    Files.write(
        input,
        questions.stream()
            .map(question ->
                new String(StrictJson.write(StrictJson.valueOf(question)), StandardCharsets.UTF_8))
            .toList());
    Process node =
        new ProcessBuilder("node", npm.resolve("semver.mjs").toString())
            .redirectInput(input.toFile())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(node.waitFor(100, TimeUnit.SECONDS)).isTrue();
    } finally {
      node.destroyForcibly();
    }
    assertThat(node.exitValue()).isZero();
    List<String> answers = Files.readAllLines(output);
    assertThat(answers).hasSameSizeAs(questions);
    return answers;
  }

  private static String range(Random random) {
    StringBuilder range = new StringBuilder(alternative(random));
    while (random.nextInt(4) == 0) {
      range.append(pick(random, "||", " || ", " ||")).append(alternative(random));
    }
    // Some are damaged, so that what is not a range is met as well.
    for (int i = random.nextInt(10) - 7; i > 0 && !range.isEmpty(); i--) {
      int at = random.nextInt(range.length());
      char noise = NOISE.charAt(random.nextInt(NOISE.length()));
      switch (random.nextInt(3)) {
        case 0 -> range.insert(at, noise);
        case 1 -> range.setCharAt(at, noise);
        default -> range.deleteCharAt(at);
      }
    }
    // Where the host takes what npm refuses: numbers beyond 2^53.
    String text = range.toString().replaceAll("([0-9]{15})[0-9]+", "$1");
    return text.substring(0, Math.min(text.length(), VersionRange.MAX_LENGTH));
  }

  private static String alternative(Random random) {
    if (random.nextInt(8) == 0) {
      return partial(random) + " - " + partial(random);
    }
    StringBuilder comparators = new StringBuilder(comparator(random));
    while (random.nextInt(3) == 0) {
      comparators.append(pick(random, " ", "  ", " ")).append(comparator(random));
    }
    return comparators.toString();
  }

  private static String comparator(Random random) {
    return pick(random, OPERATORS) + partial(random);
  }

  private static String partial(Random random) {
    int parts = 1 + random.nextInt(4);
    if (parts > 3) {
      return version(random);
    }
    StringBuilder partial = new StringBuilder();
    for (int i = 0; i < parts; i++) {
      partial.append(i == 0 ? "" : ".");
      partial.append(random.nextInt(6) == 0 ? pick(random, "x", "X", "*") : pick(random, NUMBERS));
    }
    return partial.toString();
  }

  private static String version(Random random) {
    StringBuilder version =
        new StringBuilder(pick(random, NUMBERS))
            .append('.')
            .append(pick(random, NUMBERS))
            .append('.')
            .append(pick(random, NUMBERS));
    if (random.nextInt(3) == 0) {
      version.append('-').append(pick(random, IDENTIFIERS));
      while (random.nextInt(3) == 0) {
        version.append('.').append(pick(random, IDENTIFIERS));
      }
    }
    if (random.nextInt(10) == 0) {
      version.append("+b.").append(random.nextInt(100));
    }
    return version.toString();
  }

  private static String pick(Random random, String... texts) {
    return texts[random.nextInt(texts.length)];
  }
}
