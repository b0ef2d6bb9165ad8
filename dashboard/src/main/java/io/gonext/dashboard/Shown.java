package io.gonext.dashboard;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** How pages write numbers, times and sizes. */
final class Shown {
  private static final long KIB = 1024;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Shown() {}

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** A number with its noun: {@code 1 plugin}, {@code 2 plugins}. */
  static String count(long number, String noun) {
    return count(number) + " " + noun + (number == 1 ? "" : "s");
  }

  /** Something in each second, with two or three digits. */
  static String rate(double perSecond) {
    if (perSecond < 0.05) {
      return perSecond == 0 ? "0" : "<0.1";
    }
    return String.format(Locale.ROOT, perSecond < 10 ? "%.1f" : "%,.0f", perSecond);
  }

  static String time(Duration duration) {
    return nanos(duration.toNanos());
  }

  /**
   * A time with its unit: {@code 8 \u00b5s}, {@code 0.42 ms}, {@code 12 ms}, {@code 1.5 s}, {@code
   * 3 min}.
   */
  static String nanos(long nanos) {
    double millis = nanos / 1e6;
    if (nanos > 0 && millis < 0.1) {
      return Math.max(1, Math.round(nanos / 1e3)) + " \u00b5s";
    }
    if (millis >= 120_000) {
      return minutes(Duration.ofNanos(nanos));
    }
    if (millis >= 1000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1000);
    }
    String format = millis >= 10 ? "%.0f ms" : millis >= 1 ? "%.1f ms" : "%.2f ms";
    return String.format(Locale.ROOT, format, millis);
  }

  private static String minutes(Duration duration) {
    if (duration.toHours() >= 48) {
      return duration.toDays() + " days";
    }
    return duration.toMinutes() >= 120 ? duration.toHours() + " h" : duration.toMinutes() + " min";
  }

  static String bytes(long bytes) {
    if (bytes < KIB) {
      return bytes + " B";
    }
    double size = bytes;
    for (String unit : new String[] {"KiB", "MiB", "GiB"}) {
      size /= KIB;
      if (size < KIB || unit.equals("GiB")) {
        return String.format(Locale.ROOT, size < 10 ? "%.1f %s" : "%.0f %s", size, unit);
      }
    }
    throw new IllegalStateException();
  }

  static String time(Instant at) {
    return TIME.format(at);
  }

  /** A time in words: {@code 3 min ago}, {@code in 2 h}. */
  static String relative(Instant at, Instant now) {
    Duration since = Duration.between(at, now);
    if (since.abs().toSeconds() < 2) {
      return "now";
    }
    Duration distance = since.abs();
    String words = distance.toSeconds() < 120 ? distance.toSeconds() + " s" : minutes(distance);
    return since.isNegative() ? "in " + words : words + " ago";
  }

  /** The part of a whole, from 0 to 1. */
  static double part(long value, long most) {
    return most <= 0 ? 0 : Math.clamp((double) value / most, 0, 1);
  }

  /** A text for a cell that may have none. */
  static String orDash(Optional<String> text) {
    return text.orElse("\u2013");
  }
}
