package io.gonext.host.internal.service.i18n;

import com.ibm.icu.text.MessageFormat;
import com.ibm.icu.util.ULocale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One message in one language, parsed at its first use.
 *
 * <p>Thread-safe: a {@link MessageFormat} is not, so that a thread takes it away while it works. A
 * thread that finds none makes its own.
 */
final class Message {
  private final String text;
  private final ULocale locale;

  private final boolean plain;

  private final AtomicReference<@Nullable MessageFormat> idle = new AtomicReference<>();

  Message(String text, ULocale locale) {
    this.text = text;
    this.locale = locale;
    this.plain = text.indexOf('{') < 0 && text.indexOf('\'') < 0;
  }

  /** Whether there is nothing to parse. */
  boolean isPlain() {
    return plain;
  }

  /**
   * The text for some arguments; {@code {name}} stands for an argument that is not given.
   *
   * @throws IllegalArgumentException when an argument of a plural or a number is not a number
   */
  String format(Map<String, Object> arguments) {
    if (plain) {
      return text;
    }
    MessageFormat known = idle.getAndSet(null);
    MessageFormat format = known == null ? new MessageFormat(text, locale) : known;
    String result = format.format((Object) arguments);
    idle.set(format);
    return result;
  }
}
