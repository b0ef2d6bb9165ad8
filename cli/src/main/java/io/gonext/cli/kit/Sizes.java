package io.gonext.cli.kit;

import java.util.Locale;

/** Sizes as people read them. */
final class Sizes {
  private Sizes() {}

  static String text(long bytes) {
    if (bytes < 1024) {
      return bytes + " bytes";
    }
    double kib = bytes / 1024.0;
    return kib < 1024
        ? String.format(Locale.ROOT, "%.0f KB", kib)
        : String.format(Locale.ROOT, "%.1f MB", kib / 1024);
  }
}
