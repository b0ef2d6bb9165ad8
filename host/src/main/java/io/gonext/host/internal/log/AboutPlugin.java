package io.gonext.host.internal.log;

import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * While it is open, what the calling thread logs is about a plugin: SLF4J's context (MDC) has the
 * plugin's name under {@value #KEY}, for log formats that have fields. For one thread.
 */
public final class AboutPlugin implements AutoCloseable {
  private static final String KEY = "gonext.plugin";

  /** Null for none. */
  private final @Nullable String before;

  private AboutPlugin(@Nullable String before) {
    this.before = before;
  }

  public static AboutPlugin open(String plugin) {
    AboutPlugin opened = new AboutPlugin(MDC.get(KEY));
    MDC.put(KEY, plugin);
    return opened;
  }

  @Override
  public void close() {
    if (before == null) {
      MDC.remove(KEY);
    } else {
      MDC.put(KEY, before);
    }
  }
}
