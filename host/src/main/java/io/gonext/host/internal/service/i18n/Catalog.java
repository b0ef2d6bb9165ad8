package io.gonext.host.internal.service.i18n;

import com.ibm.icu.util.ULocale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The messages of one language. Thread-safe. */
final class Catalog {
  private final ULocale locale;
  private final Map<String, String> texts;
  private final Map<String, Message> messages = new ConcurrentHashMap<>();

  Catalog(String tag, Map<String, String> texts) {
    this.locale = ULocale.forLanguageTag(tag);
    this.texts = texts;
  }

  /** The message of a key; null if there is none. */
  @Nullable Message find(String key) {
    Message known = messages.get(key);
    if (known != null) {
      return known;
    }
    String text = texts.get(key);
    return text == null ? null : messages.computeIfAbsent(key, k -> new Message(text, locale));
  }
}
