package io.gonext.host.internal.route;

import io.gonext.engine.PlainText;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.route.RouteCodec.BadResponseException;
import io.gonext.host.manifest.HeaderNames;
import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which headers pass between the clients of a plugin's routes and one version of the plugin. Names
 * are not case-sensitive.
 *
 * <p>Thread-safe.
 */
public final class RouteHeaders {
  /** Most headers of one response. */
  public static final int MAX_HEADERS = 64;

  /** Most bytes of one response's headers: names, values, and four a header for what separates. */
  public static final int MAX_HEADER_BYTES = 8 * 1024;

  private static final int SEPARATOR_BYTES = 4;

  private static final long WARNING_NANOS = Duration.ofMinutes(1).toNanos();

  /** RFC 9110 section 5.6.2. */
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private final Manifest.Headers asked;
  private final Permissions permissions;
  private final long credentialsMask;
  private final long responseMask;
  private final Consumer<String> warnings;
  private final LongSupplier nanoTime;

  /** When a header was last warned of, by {@link HeaderNames#family}: there are few of these. */
  private final Map<String, Long> warned = new ConcurrentHashMap<>();

  /**
   * @param permissions what the version may do at each moment
   * @param warnings gets a sentence for each header that is dropped, once a minute for each
   */
  public RouteHeaders(
      Manifest manifest,
      Permissions permissions,
      Consumer<String> warnings,
      LongSupplier nanoTime) {
    this.asked = manifest.headers();
    this.permissions = permissions;
    this.credentialsMask = permissions.mask(Manifest.CREDENTIALS);
    this.responseMask = permissions.mask(Manifest.RESPONSE_HEADERS);
    this.warnings = warnings;
    this.nanoTime = nanoTime;
  }

  /**
   * Puts those headers of a request that the plugin sees: by default {@link HeaderNames#DEFAULT},
   * otherwise what its manifest names. They have the manifest's spelling; one that a pattern such
   * as {@code x-acme-*} matches is in lower case.
   */
  void putRequest(Map<String, String> headers, ObjectNode target) {
    Map<String, String> sent = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sent.putAll(headers);
    for (String wanted : asked.request()) {
      if (HeaderNames.isPattern(wanted)) {
        sent.forEach((name, value) -> {
          if (HeaderNames.matches(wanted, name)) {
            target.put(name.toLowerCase(Locale.ROOT), value);
          }
        });
      } else {
        String value = sent.get(wanted);
        if (value != null && maySee(wanted)) {
          target.put(wanted, value);
        }
      }
    }
  }

  /** abi-v1 shows Authorization to plugins whose manifests name no request headers. */
  private boolean maySee(String name) {
    return asked.isDefault()
        || !HeaderNames.isCredential(name)
        || permissions.allow(credentialsMask);
  }

  /**
   * The headers of a response, in the plugin's order. Of two names that differ in case alone, the
   * last one holds. Those that a plugin may not set are left out, with a warning.
   *
   * @throws BadResponseException when they are too many or too large, or not HTTP
   */
  Map<String, String> response(@Nullable JsonNode headers) throws BadResponseException {
    if (headers == null || headers.isNull()) {
      return Map.of();
    }
    if (!headers.isObject()) {
      throw new BadResponseException("headers is not an object");
    }
    if (headers.size() > MAX_HEADERS) {
      throw new BadResponseException(
          "it has " + headers.size() + " headers, the most is " + MAX_HEADERS);
    }
    Map<String, Map.Entry<String, String>> byName = new LinkedHashMap<>();
    int bytes = 0;
    for (Map.Entry<String, JsonNode> header : headers.properties()) {
      String name = header.getKey();
      if (!TOKEN.matcher(name).matches()) {
        throw new BadResponseException("a header's name is not an HTTP token");
      }
      String content = content(name, header.getValue());
      bytes += name.length() + content.length() + SEPARATOR_BYTES;
      if (bytes > MAX_HEADER_BYTES) {
        throw new BadResponseException(
            "its headers are larger than " + MAX_HEADER_BYTES + " bytes together");
      }
      String lower = name.toLowerCase(Locale.ROOT);
      String why = refusal(lower);
      if (why == null) {
        byName.remove(lower);
        byName.put(lower, Map.entry(name, content));
      } else {
        warn(name, lower, why);
      }
    }
    Map<String, String> kept = new LinkedHashMap<>();
    byName.values().forEach(header -> kept.put(header.getKey(), header.getValue()));
    return Collections.unmodifiableMap(kept);
  }

  private static String content(String name, JsonNode value) throws BadResponseException {
    String content = value.stringValue(null);
    if (content == null) {
      throw new BadResponseException("the header " + PlainText.of(name, 100) + " is not a string");
    }
    for (int i = 0; i < content.length(); i++) {
      char c = content.charAt(i);
      // RFC 9110 section 5.5: a tab may stand in a value, other controls may not.
      if ((c < ' ' && c != '\t') || c == 0x7f) {
        throw new BadResponseException(
            "the header "
                + PlainText.of(name, 100)
                + " holds a control character, U+%04X".formatted((int) c));
      }
      if (c > 0xff) {
        throw new BadResponseException(
            "the header "
                + PlainText.of(name, 100)
                + " holds a character beyond Latin-1, U+%04X".formatted(content.codePointAt(i))
                + ": encode it as RFC 8187 says");
      }
    }
    return content;
  }

  /** Why the plugin may not set a header, or null when it may. */
  private @Nullable String refusal(String lower) {
    if (HeaderNames.isHostsOwn(lower)) {
      return "only the host sets it";
    }
    if (!HeaderNames.isGuarded(lower)) {
      return null;
    }
    if (!asked.asksToSet(lower)) {
      return "the manifest does not name it in http.response_headers";
    }
    return permissions.allow(responseMask)
        ? null
        : "the capability " + Manifest.RESPONSE_HEADERS + " is not granted";
  }

  private void warn(String name, String lower, String why) {
    long now = nanoTime.getAsLong();
    warned.compute(
        HeaderNames.family(lower),
        (family, last) -> {
          if (last != null && now - last < WARNING_NANOS) {
            return last;
          }
          warnings.accept(
              "the host dropped the response header " + PlainText.of(name, 100) + ": " + why);
          return now;
        });
  }
}
