package io.gonext.host.internal.service.i18n;

import io.gonext.host.manifest.Locales;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Locale.LanguageRange;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The languages of a bundle, and which of them someone gets who asks for others: the lookup of RFC
 * 4647 (3.4), for each message. Thread-safe.
 */
final class Catalogs {
  /** Ranges that guests ask for are remembered; so many, and no more. */
  private static final int MAX_REMEMBERED = 256;

  /** By language tag in lower case. */
  private final Map<String, Catalog> byTag = new HashMap<>();

  private final @Nullable Catalog fallback;
  private final Map<String, List<Catalog>> remembered = new ConcurrentHashMap<>();

  Catalogs(Locales locales) {
    AtomicInteger kept = new AtomicInteger();
    for (String tag : locales.tags()) {
      byTag.put(tag.toLowerCase(Locale.ROOT), new Catalog(tag, locales.messages(tag), kept));
    }
    this.fallback =
        locales.defaultTag().map(tag -> byTag.get(tag.toLowerCase(Locale.ROOT))).orElse(null);
  }

  /** See {@link Catalog#warmUp}. */
  void warmUp() {
    byTag.values().forEach(Catalog::warmUp);
  }

  /**
   * The message that suits best.
   *
   * @param ranges a language tag, or several as in {@code Accept-Language}; empty for the default
   * @return null if no language that would do has the message
   * @throws IllegalArgumentException when these are not language ranges
   */
  @Nullable Message find(String key, String ranges) {
    for (Catalog catalog : suited(ranges)) {
      Message message = catalog.find(key);
      if (message != null) {
        return message;
      }
    }
    return null;
  }

  private List<Catalog> suited(String ranges) {
    List<Catalog> known = remembered.get(ranges);
    if (known != null) {
      return known;
    }
    List<Catalog> found = lookUp(ranges);
    if (remembered.size() < MAX_REMEMBERED) {
      remembered.put(ranges, found);
    }
    return found;
  }

  private List<Catalog> lookUp(String ranges) {
    Set<Catalog> found = new LinkedHashSet<>();
    if (!ranges.isEmpty()) {
      for (LanguageRange range : LanguageRange.parse(ranges)) {
        if (range.getWeight() > 0) {
          for (String tag = range.getRange(); !tag.isEmpty(); tag = shortened(tag)) {
            Catalog catalog = byTag.get(tag);
            if (catalog != null) {
              found.add(catalog);
            }
          }
        }
      }
    }
    if (fallback != null) {
      found.add(fallback);
    }
    return List.copyOf(found);
  }

  /** Without its last subtag, and without a single letter that would then be the last. */
  private static String shortened(String tag) {
    int end = tag.lastIndexOf('-');
    if (end >= 2 && tag.charAt(end - 2) == '-') {
      end -= 2;
    }
    return end < 0 ? "" : tag.substring(0, end);
  }
}
