package io.gonext.engine;

/**
 * Rust's legacy names and plain nested C++ names, made readable: {@code
 * _ZN4core6option6unwrap17h0123456789abcdefE} becomes {@code core::option::unwrap}. Any other name
 * stays as it is.
 */
final class Demangler {
  private static final String PREFIX = "_ZN";

  private Demangler() {}

  static String readable(String name) {
    if (!name.startsWith(PREFIX)) {
      return name;
    }
    var path = new StringBuilder();
    int at = PREFIX.length();
    while (at < name.length() && name.charAt(at) != 'E') {
      int digits = at;
      int length = 0;
      while (at < name.length() && Character.digit(name.charAt(at), 10) >= 0 && at - digits < 5) {
        length = length * 10 + Character.digit(name.charAt(at++), 10);
      }
      if (length == 0 || length > name.length() - at) {
        return name;
      }
      String part = name.substring(at, at + length);
      at += length;
      if (!isRustHash(part)) {
        path.append(path.isEmpty() ? "" : "::").append(plain(part));
      }
    }
    return at == name.length() || path.isEmpty() ? name : path.toString();
  }

  private static boolean isRustHash(String part) {
    return part.length() == 17 && part.matches("h[0-9a-f]{16}");
  }

  /** Rust writes what an identifier may not hold between dollar signs. */
  private static String plain(String part) {
    return part.replace("$LT$", "<")
        .replace("$GT$", ">")
        .replace("$RF$", "&")
        .replace("$LP$", "(")
        .replace("$RP$", ")")
        .replace("$C$", ",")
        .replace("$u20$", " ")
        .replace("$u7b$", "{")
        .replace("$u7d$", "}")
        .replace("..", "::");
  }
}
