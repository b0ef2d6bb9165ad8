package io.gonext.host.manifest;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What someone may have meant who wrote a name that is none. */
public final class Spelling {
  /** Longer names are nobody's slip, and comparing them is quadratic. */
  private static final int MAX_LENGTH = 256;

  private Spelling() {}

  /**
   * The candidate closest to {@code written}, or null where none is close. Case and separators do
   * not count, a slip (a letter too many, missing, wrong, or swapped with the next) in every five.
   */
  public static @Nullable String closest(String written, Collection<String> candidates) {
    if (written.length() > MAX_LENGTH) {
      return null;
    }
    String plain = plain(written);
    String closest = null;
    int fewest = 1 + plain.length() / 5;
    for (String candidate : candidates) {
      String other = plain(candidate);
      // Where every letter may be a slip, anything is close.
      if (Math.abs(other.length() - plain.length()) > fewest || other.length() <= fewest) {
        continue;
      }
      int slips = slips(plain, other);
      if (slips < fewest || (slips == fewest && closest == null)) {
        fewest = slips;
        closest = candidate;
      }
    }
    return closest;
  }

  /** Whether two names differ in case and separators at most. */
  static boolean same(String a, String b) {
    return plain(a).equals(plain(b));
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }

  /** Damerau's and Levenshtein's distance, where no substring is edited twice. */
  private static int slips(String a, String b) {
    int[] beforeLast = new int[b.length() + 1];
    int[] last = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      last[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(substituted, 1 + Math.min(last[j], row[j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          row[j] = Math.min(row[j], 1 + beforeLast[j - 2]);
        }
      }
      int[] free = beforeLast;
      beforeLast = last;
      last = row;
      row = free;
    }
    return last[b.length()];
  }
}
