package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * A caller's work with an instance inside one {@link GuestInstance#run}.
 *
 * @param <R> the result
 */
@FunctionalInterface
public interface GuestWork<R extends @Nullable Object> {
  /**
   * Does the work. After an exception the instance is not usable.
   *
   * @param call calls the guest; not valid after this method returns
   */
  R run(GuestCall call);
}
