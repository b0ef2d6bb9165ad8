package io.gonext.cli.output;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Options of one command that depend on each other: none is ignored without a word. */
public final class OptionPairs {
  private OptionPairs() {}

  /** Refuses each of the options unless another one is given, too. */
  public static void requireWith(CommandSpec spec, String other, String... options) {
    if (!isGiven(spec, other)) {
      first(spec, options)
          .ifPresent(option -> {
            throw new ParameterException(
                spec.commandLine(), option + " is for " + other + ": give both, or neither");
          });
    }
  }

  /** Refuses each of the options beside a choice that leaves nothing for it to do. */
  public static void refuseWith(CommandSpec spec, String choice, String... options) {
    first(spec, options)
        .ifPresent(option -> {
          throw new ParameterException(
              spec.commandLine(),
              option + " has no effect with " + choice + ": give only one of them");
        });
  }

  /** Whether the command line has an option; a variable or a default does not count. */
  public static boolean isGiven(CommandSpec spec, String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private static Optional<String> first(CommandSpec spec, String... options) {
    return List.of(options).stream().filter(option -> isGiven(spec, option)).findFirst();
  }
}
