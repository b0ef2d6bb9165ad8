package io.gonext.host.hook;

import java.util.regex.Pattern;

/** What a hook may be called; the manifest's schema says the same. */
public final class HookName {
  /** In characters, which are one byte each. */
  public static final int MAX_LENGTH = 256;

  private static final Pattern NAME = Pattern.compile("[a-z0-9_]++(\\.[a-z0-9_]++)*+");

  private HookName() {}

  /** Whether the text is dotted lower case, {@code [a-z0-9_]}, of at most 256 characters. */
  public static boolean isOne(String text) {
    return text.length() <= MAX_LENGTH && NAME.matcher(text).matches();
  }
}
