package io.gonext.host.internal.service.http;

import io.gonext.engine.PlainText;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A text in which {@code {{secret:NAME}}} stands for the value of a secret. */
final class SecretTemplate {
  private static final String OPENING = "{{secret:";
  private static final Pattern PLACE = Pattern.compile("\\{\\{secret:([A-Za-z0-9_.-]{1,128})}}");
  private static final int MAX_SHOWN_CHARS = 64;

  private SecretTemplate() {}

  /** Whether a text names secrets, well-formed or not. */
  static boolean is(String text) {
    return text.contains(OPENING);
  }

  /**
   * Checks the places in a text.
   *
   * @throws IllegalArgumentException if one is not well-formed; the message says how to write it
   */
  static void check(String text) {
    Matcher place = PLACE.matcher(text);
    for (int at = text.indexOf(OPENING); at >= 0; at = text.indexOf(OPENING, at + 1)) {
      if (!place.find(at) || place.start() != at) {
        throw new IllegalArgumentException(
            "a secret is written as {{secret:NAME}}, and not as "
                + PlainText.of(text.substring(at), MAX_SHOWN_CHARS));
      }
    }
  }

  /**
   * Checks the places in a URL: they are in its path or its query.
   *
   * @throws IllegalArgumentException if they are not
   */
  static void checkUrl(String url) {
    check(url);
    int first = url.indexOf(OPENING);
    int authority = url.indexOf("://");
    if (authority > first
        || (authority >= 0 && !url.substring(authority + 3, first).matches("[^/?#]*[/?][^#]*"))) {
      throw new IllegalArgumentException(
          "{{secret:NAME}} can stand in the path or the query of a URL, and nowhere else in it");
    }
  }

  /** The secrets that a text names, in the order of the text. */
  static Set<String> names(String text) {
    if (!is(text)) {
      return Set.of();
    }
    Set<String> names = new LinkedHashSet<>();
    Matcher place = PLACE.matcher(text);
    while (place.find()) {
      names.add(place.group(1));
    }
    return names;
  }

  /** The text with something in the places of the secrets. */
  static String fill(String text, UnaryOperator<String> valueOf) {
    return PLACE
        .matcher(text)
        .replaceAll(place -> Matcher.quoteReplacement(valueOf.apply(place.group(1))));
  }
}
