package io.gonext.engine.names;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rust's legacy mangling, the default until 2025: C++'s scheme, with a hash as the last part and
 * escapes for characters that C++ names do not have.
 *
 * <p>Source: {@code rustc_symbol_mangling/src/legacy.rs}.
 */
final class LegacyRustName {
  private static final int HASH_CHARS = 17;

  private static final Map<String, String> ESCAPES =
      Map.of("SP", "@", "BP", "*", "RF", "&", "LT", "<", "GT", ">", "LP", "(", "RP", ")", "C", ",");

  private LegacyRustName() {}

  /** Whether a name is in this scheme: its last part is an h and 16 hexadecimal digits. */
  static boolean isOne(String name) {
    int end = name.indexOf("E", name.lastIndexOf(HASH_CHARS + "h") + 1);
    int hash = end - HASH_CHARS;
    return end > 0
        && name.startsWith(HASH_CHARS + "h", hash - 2)
        && name.substring(hash + 1, end).chars().allMatch(LegacyRustName::isHexadecimal);
  }

  private static boolean isHexadecimal(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  }

  /** The path without its hash. */
  static String demangle(String name) throws MangledName.UnknownFormException {
    var in = new MangledName(name, "_ZN".length());
    var path = new StringBuilder();
    while (!in.skip('E')) {
      String part = in.take(in.number());
      if (in.peek() == 'E') {
        break; // The hash.
      }
      path.append(path.isEmpty() ? "" : "::").append(unescape(part));
    }
    return MangledName.bounded(path.toString());
  }

  private static String unescape(String part) {
    // An underscore keeps a part from beginning with an escape.
    int from = part.startsWith("_$") ? 1 : 0;
    var plain = new StringBuilder();
    for (int at = from; at < part.length(); ) {
      char c = part.charAt(at);
      int end = c == '$' ? part.indexOf('$', at + 1) : -1;
      String escaped = end < 0 ? null : escape(part.substring(at + 1, end));
      if (escaped != null) {
        plain.append(escaped);
        at = end + 1;
      } else if (part.startsWith("..", at)) {
        plain.append("::");
        at += 2;
      } else {
        plain.append(c);
        at++;
      }
    }
    return plain.toString();
  }

  private static @Nullable String escape(String code) {
    String known = ESCAPES.get(code);
    if (known != null || !code.startsWith("u") || code.length() < 2 || code.length() > 7) {
      return known;
    }
    if (!code.substring(1).chars().allMatch(LegacyRustName::isHexadecimal)) {
      return null;
    }
    int character = Integer.parseInt(code.substring(1), 16);
    return Character.isValidCodePoint(character) ? Character.toString(character) : null;
  }
}
