package io.gonext.cli.dev;

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
