package io.gonext.host.internal.service.i18n;

import com.ibm.icu.util.ULocale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The messages of one language. Thread-safe. */
final class Catalog {
  /**
   * Parsed messages that a version keeps, of all languages. They take up to 4 KB each; further ones
   * are parsed at each use.
   */
  static final int MAX_KEPT = 4_096;

  private final ULocale locale;
  private final Map<String, String> texts;
  private final AtomicInteger kept;
  private final Map<String, Message> messages = new ConcurrentHashMap<>();

  /**
   * @param kept how many parsed messages all catalogs of the version keep
   */
  Catalog(String tag, Map<String, String> texts, AtomicInteger kept) {
    this.locale = ULocale.forLanguageTag(tag);
    this.texts = texts;
    this.kept = kept;
  }

  /** Loads what ICU has of this language: a guest's first call must not wait for it. */
  void warmUp() {
    new Message("{n, plural, other {#}}{n, selectordinal, other {#}}", locale)
        .format(Map.of("n", 1L));
  }

  /** The message of a key; null if there is none. */
  @Nullable Message find(String key) {
    Message known = messages.get(key);
    if (known != null) {
      return known;
    }
    String text = texts.get(key);
    if (text == null) {
      return null;
    }
    Message message = new Message(text, locale);
    if (message.isPlain() || kept.get() >= MAX_KEPT) {
      return message;
    }
    Message first = messages.putIfAbsent(key, message);
    if (first != null) {
      return first;
    }
    kept.incrementAndGet();
    return message;
  }
}
