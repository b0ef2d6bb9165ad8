package io.gonext.cli.dev;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A language that plugins are built from, by the names that {@code --lang} knows. */
enum Language {
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
   * The language of a {@code --lang}, or null for {@code auto}.
   *
   * @throws DevFailure of kind USAGE when there is none of that name
   */
  static @Nullable Language parse(String name) {
    if (name.equalsIgnoreCase("auto")) {
      return null;
    }
    return Arrays.stream(values())
        .filter(known -> known.label.equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new DevFailure(
                DevFailure.Kind.USAGE,
                "--lang "
                    + name
                    + ": there are auto, "
                    + Arrays.stream(values())
                        .map(Language::label)
                        .collect(Collectors.joining(", "))));
  }

  /** As people write it. */
  String label() {
    return label;
  }

  /** The file that a project of this language has. */
  String marker() {
    return marker;
  }

  @Override
  public String toString() {
    return label;
  }
}
