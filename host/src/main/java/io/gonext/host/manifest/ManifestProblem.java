package io.gonext.host.manifest;

import io.gonext.engine.PlainText;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with a manifest.
 *
 * @param pointer JSON pointer to it; for a field that is missing, to where it would be
 * @param found as JSON, or what it is
 * @param allowed what could stand there
 * @param meant what was meant, most likely; null where nothing comes close
 */
record ManifestProblem(String pointer, String found, String allowed, @Nullable String meant) {
  /** Names of a manifest are cut in what is told of them, in characters. */
  private static final int MAX_NAME_LENGTH = 200;

  /** The same problem, of a value that is part of another one. */
  ManifestProblem below(String prefix) {
    return new ManifestProblem(
        pointer.equals("/") ? prefix : prefix + pointer, found, allowed, meant);
  }

  @Override
  public String toString() {
    return PlainText.of(pointer, MAX_NAME_LENGTH)
        + ": "
        + PlainText.of(found, MAX_NAME_LENGTH)
        + "; allowed: "
        + allowed
        + (meant == null ? "" : "; did you mean " + meant + "?");
  }
}
