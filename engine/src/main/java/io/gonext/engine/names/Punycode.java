package io.gonext.engine.names;

/**
 * Decodes Punycode, in which Rust's mangling writes identifiers that are not ASCII. Source: RFC
 * 3492, with an underscore as the delimiter (rustc book, "v0 Symbol Format").
 */
final class Punycode {
  private static final int BASE = 36;
  private static final int LEAST = 1;
  private static final int MOST = 26;
  private static final int SKEW = 38;
  private static final int DAMP = 700;
  private static final int FIRST_BIAS = 72;
  private static final int FIRST_CODE = 128;

  private Punycode() {}

  static String decode(String encoded) throws MangledName.UnknownFormException {
    int delimiter = encoded.lastIndexOf('_');
    var text = new StringBuilder(delimiter < 0 ? "" : encoded.substring(0, delimiter));
    // Bound the length, because insertion is quadratic. The part before the delimiter must be
    // ASCII.
    if (encoded.length() > Demangler.MOST_TEXT_CHARS
        || text.chars().anyMatch(c -> c >= FIRST_CODE)) {
      throw new MangledName.UnknownFormException();
    }
    int count = text.length();
    long code = FIRST_CODE;
    int bias = FIRST_BIAS;
    long index = 0;
    for (int at = delimiter + 1; at < encoded.length(); ) {
      long before = index;
      long weight = 1;
      for (int k = BASE; ; k += BASE) {
        if (at == encoded.length()) {
          throw new MangledName.UnknownFormException();
        }
        int digit = digit(encoded.charAt(at++));
        index += digit * weight;
        int threshold = Math.clamp((long) k - bias, LEAST, MOST);
        if (digit < threshold) {
          break;
        }
        weight *= BASE - threshold;
        if (weight > Integer.MAX_VALUE || index > Integer.MAX_VALUE) {
          throw new MangledName.UnknownFormException();
        }
      }
      count++;
      bias = adapt(index - before, count, before == 0);
      code += index / count;
      index %= count;
      if (code > Character.MAX_CODE_POINT || isSurrogate(code)) {
        throw new MangledName.UnknownFormException();
      }
      text.insert(text.offsetByCodePoints(0, (int) index), Character.toString((int) code));
      index++;
    }
    return text.toString();
  }

  /** A surrogate. Rust's text has none, and two of them would combine into one character. */
  private static boolean isSurrogate(long code) {
    return code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE;
  }

  private static int digit(char c) throws MangledName.UnknownFormException {
    if (c >= 'a' && c <= 'z') {
      return c - 'a';
    }
    if (MangledName.isDigit(c)) {
      return c - '0' + 26;
    }
    throw new MangledName.UnknownFormException();
  }

  private static int adapt(long delta, int count, boolean isFirst) {
    long scaled = isFirst ? delta / DAMP : delta / 2;
    scaled += scaled / count;
    int k = 0;
    for (; scaled > (BASE - LEAST) * MOST / 2; k += BASE) {
      scaled /= BASE - LEAST;
    }
    return (int) (k + (BASE - LEAST + 1) * scaled / (scaled + SKEW));
  }
}
