package io.gonext.host.internal.service.http;

import io.gonext.host.json.StrictJson;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.node.StringNode;

/**
 * The value of a secret while a request needs it, in the forms in which a server may send it back.
 * Its text shows nothing of it.
 */
final class SecretText {
  private static final Pattern ESCAPE = Pattern.compile("%[0-9A-F]{2}");

  private final String raw;
  private final String inUrl;
  private final Set<String> forms;

  SecretText(String raw) {
    this.raw = raw;
    this.inUrl = percentEncoded(raw);
    byte[] bytes = raw.getBytes(StandardCharsets.UTF_8);
    String form = URLEncoder.encode(raw, StandardCharsets.UTF_8);
    String json = new String(StrictJson.write(StringNode.valueOf(raw)), StandardCharsets.UTF_8);
    String quoted = json.substring(1, json.length() - 1);
    this.forms =
        Stream.of(
                raw,
                inUrl,
                lowerCaseEscapes(inUrl),
                form,
                lowerCaseEscapes(form),
                quoted,
                quoted.replace("/", "\\/"),
                Base64.getEncoder().encodeToString(bytes),
                Base64.getEncoder().withoutPadding().encodeToString(bytes),
                Base64.getUrlEncoder().withoutPadding().encodeToString(bytes))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** The value. */
  String raw() {
    return raw;
  }

  /** The value for the path or the query of a URL: it cannot end the part that it stands in. */
  String inUrl() {
    return inUrl;
  }

  /** Whether a header can carry it. */
  boolean fitsHeader() {
    return FetchRequest.isHeaderValue(raw);
  }

  Set<String> forms() {
    return forms;
  }

  /** Whether a URL has the value in one of its forms. Upper and lower case do not matter. */
  boolean isIn(String url) {
    String lower = url.toLowerCase(Locale.ROOT);
    return forms.stream().anyMatch(form -> lower.contains(form.toLowerCase(Locale.ROOT)));
  }

  /** Overwrites each occurrence with asterisks. */
  static void mask(byte[] text, byte[] part) {
    int last = text.length - part.length;
    for (int at = 0; at <= last; at++) {
      if (text[at] == part[0] && startsWith(text, at, part)) {
        Arrays.fill(text, at, at + part.length, (byte) '*');
        at += part.length - 1;
      }
    }
  }

  private static boolean startsWith(byte[] text, int at, byte[] part) {
    return Arrays.equals(text, at, at + part.length, part, 0, part.length);
  }

  /** All characters but the unreserved ones of RFC 3986, section 2.3. */
  private static String percentEncoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }

  private static String lowerCaseEscapes(String encoded) {
    return ESCAPE.matcher(encoded).replaceAll(escape -> escape.group().toLowerCase(Locale.ROOT));
  }

  @Override
  public String toString() {
    return "the value of a secret";
  }
}
