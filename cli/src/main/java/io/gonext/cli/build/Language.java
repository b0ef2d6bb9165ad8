package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A programming language of plugins. */
public enum Language {
  GO("go", "go.mod"),
  TINYGO("tinygo", "go.mod"),
  RUST("rust", "Cargo.toml"),
  ASSEMBLYSCRIPT("assemblyscript", "package.json"),
  C("c", "Makefile");

  private final String label;
  private final String marker;

  Language(String label, String marker) {
    this.label = label;
    this.marker = marker;
  }

  /**
   * Reads the value of {@code --lang}; null for {@code auto}.
   *
   * @throws CommandFailure of kind USAGE for an unknown name
   */
  public static @Nullable Language parse(String name) {
    if (name.equalsIgnoreCase("auto")) {
      return null;
    }
    return Arrays.stream(values())
        .filter(known -> known.label.equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new CommandFailure(
                CommandFailure.Kind.USAGE,
                "--lang "
                    + name
                    + ": the languages are auto, "
                    + Arrays.stream(values())
                        .map(Language::label)
                        .collect(Collectors.joining(", "))));
  }

  /** The name, as in {@code --lang}. */
  public String label() {
    return label;
  }

  /** The build file of a project in this language. */
  public String marker() {
    return marker;
  }

  @Override
  public String toString() {
    return label;
  }
}
