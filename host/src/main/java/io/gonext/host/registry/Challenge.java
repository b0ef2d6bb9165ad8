package io.gonext.host.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a registry wants to be shown: one challenge of a {@code WWW-Authenticate} header (RFC 9110,
 * section 11.6.1).
 *
 * @param scheme in lower case
 * @param parameters by name in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int MAX_LENGTH = 8 * 1024;
  private static final int MAX_CHALLENGES = 8;
  private static final int MAX_PARAMETERS = 16;
  private static final String TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";

  /**
   * Reads the challenges of a header. A scheme without parameters has none; a single text after a
   * scheme ({@code token68}) is passed over.
   *
   * @throws IllegalArgumentException when it is not well formed, or too long
   */
  static List<Challenge> parse(String header) {
    if (header.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("longer than " + MAX_LENGTH + " characters");
    }
    return new Reader(header).challenges();
  }

  /** Reads from left to right. */
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    List<Challenge> challenges() {
      List<Challenge> challenges = new ArrayList<>();
      skipCommas();
      while (at < text.length()) {
        if (challenges.size() == MAX_CHALLENGES) {
          throw new IllegalArgumentException("more than " + MAX_CHALLENGES + " challenges");
        }
        challenges.add(challenge());
        skipCommas();
      }
      return challenges;
    }

    private Challenge challenge() {
      String scheme = token().toLowerCase(Locale.ROOT);
      Map<String, String> parameters = new TreeMap<>();
      if (skipSpaces() == 0 && at < text.length() && text.charAt(at) != ',') {
        throw unexpected();
      }
      while (at < text.length() && isParameterNext()) {
        if (parameters.size() == MAX_PARAMETERS) {
          throw new IllegalArgumentException("more than " + MAX_PARAMETERS + " parameters");
        }
        String name = token().toLowerCase(Locale.ROOT);
        skipSpaces();
        at++; // the equals sign
        skipSpaces();
        if (parameters.put(name, value()) != null) {
          throw new IllegalArgumentException("the parameter " + name + " twice");
        }
        int end = at;
        skipSpaces();
        if (at < text.length() && text.charAt(at) != ',') {
          at = end;
          throw unexpected();
        }
        skipCommas();
      }
      if (parameters.isEmpty() && at < text.length() && text.charAt(at) != ',') {
        skipToken68();
      }
      return new Challenge(scheme, parameters);
    }

    /** Whether a name, an equals sign and the beginning of a value follow. */
    private boolean isParameterNext() {
      int i = at;
      while (i < text.length() && isTokenChar(text.charAt(i))) {
        i++;
      }
      if (i == at) {
        return false;
      }
      while (i < text.length() && isSpace(text.charAt(i))) {
        i++;
      }
      if (i == text.length() || text.charAt(i) != '=') {
        return false;
      }
      i++;
      while (i < text.length() && isSpace(text.charAt(i))) {
        i++;
      }
      return i < text.length() && (text.charAt(i) == '"' || isTokenChar(text.charAt(i)));
    }

    private String value() {
      if (text.charAt(at) != '"') {
        return token();
      }
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == '"') {
          at++;
          return value.toString();
        }
        if (c == '\\' && ++at < text.length()) {
          c = text.charAt(at);
        }
        if ((c < ' ' && c != '\t') || c == 0x7f) {
          throw unexpected();
        }
        value.append(c);
      }
      throw new IllegalArgumentException("a quotation does not end");
    }

    private String token() {
      int first = at;
      while (at < text.length() && isTokenChar(text.charAt(at))) {
        at++;
      }
      if (at == first) {
        throw unexpected();
      }
      return text.substring(first, at);
    }

    private void skipToken68() {
      int first = at;
      while (at < text.length() && (isTokenChar(text.charAt(at)) || text.charAt(at) == '/')) {
        at++;
      }
      while (at > first && at < text.length() && text.charAt(at) == '=') {
        at++;
      }
      skipSpaces();
      if (at == first || (at < text.length() && text.charAt(at) != ',')) {
        throw unexpected();
      }
    }

    private void skipCommas() {
      while (at < text.length() && (text.charAt(at) == ',' || isSpace(text.charAt(at)))) {
        at++;
      }
    }

    private int skipSpaces() {
      int first = at;
      while (at < text.length() && isSpace(text.charAt(at))) {
        at++;
      }
      return at - first;
    }

    private IllegalArgumentException unexpected() {
      return new IllegalArgumentException("a character that does not belong at " + at);
    }

    private static boolean isSpace(char c) {
      return c == ' ' || c == '\t';
    }

    private static boolean isTokenChar(char c) {
      return (c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9')
          || TOKEN_SYMBOLS.indexOf(c) >= 0;
    }
  }
}
