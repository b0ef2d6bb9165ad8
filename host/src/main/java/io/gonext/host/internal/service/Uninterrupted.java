package io.gonext.host.internal.service;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The guest's thread, for work that an interrupt would damage. */
public interface Uninterrupted {
  /** See {@link io.gonext.engine.HostCall#uninterrupted}. */
  <R extends @Nullable Object> R uninterrupted(Duration atMost, Runnable cutOff, Supplier<R> work);
}
