package io.gonext.host.manifest;

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
  @Override
  public String toString() {
    return pointer
        + ": "
        + found
        + "; allowed: "
        + allowed
        + (meant == null ? "" : "; did you mean " + meant + "?");
  }
}
