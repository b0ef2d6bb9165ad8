package io.gonext.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of {@code ./bench engine}.
 *
 * @param quick to check that it works, not to measure
 * @param before the jar of an older build to compare compiling with
 * @param parts what is measured
 */
record EngineOptions(boolean quick, @Nullable Path before, Set<Part> parts) {

  /** What can be measured alone. */
  enum Part {
    COMPUTE,
    FUEL,
    DISPATCH,
    CALLS,
    MEMORY,
    COMPILE,
    GO;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static EngineOptions parse(List<String> args) throws UsageException {
    boolean quick = false;
    Path before = null;
    Set<Part> parts = EnumSet.noneOf(Part.class);
    for (int i = 0; i < args.size(); i++) {
      switch (args.get(i)) {
        case "--quick" -> quick = true;
        case "--before" -> {
          i++;
          if (i == args.size()) {
            throw new UsageException("--before needs a directory: a checkout of an older version.");
          }
          before = jar(args.get(i));
        }
        case String word -> parts.add(part(word));
      }
    }
    if (parts.isEmpty()) {
      parts = EnumSet.allOf(Part.class);
    }
    if (before != null && !parts.contains(Part.COMPILE)) {
      throw new UsageException("--before has no effect without the part 'compile'.");
    }
    return new EngineOptions(quick, before, Collections.unmodifiableSet(parts));
  }

  private static Path jar(String directory) throws UsageException {
    Path jar = Path.of(directory).toAbsolutePath().resolve("benchmarks/target/bench.jar");
    if (!Files.isRegularFile(jar)) {
      throw new UsageException(
          "'" + jar + "' does not exist. Run './bench list' in " + directory + " to build it.");
    }
    return jar;
  }

  private static Part part(String word) throws UsageException {
    for (Part part : Part.values()) {
      if (part.word().equals(word)) {
        return part;
      }
    }
    throw new UsageException(
        "'%s' is neither --quick, --before DIR nor one of its parts: %s."
            .formatted(
                word,
                String.join(", ", EnumSet.allOf(Part.class).stream().map(Part::word).toList())));
  }
}
