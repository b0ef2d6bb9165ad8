package io.gonext.cli.output;

import java.util.Locale;

/** Sizes as text. */
public final class Sizes {
  private Sizes() {}

  /** Such as {@code 512 bytes}, {@code 12 KB} or {@code 1.5 MB}. */
  public static String text(long bytes) {
    if (bytes < 1024) {
      return bytes + " bytes";
    }
    double kib = bytes / 1024.0;
    return kib < 1024
        ? String.format(Locale.ROOT, "%.0f KB", kib)
        : String.format(Locale.ROOT, "%.1f MB", kib / 1024);
  }
}
