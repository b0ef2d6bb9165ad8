package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * What a caller does with an instance inside one {@link GuestInstance#run}.
 *
 * @param <R> what it results in
 */
@FunctionalInterface
public interface GuestWork<R extends @Nullable Object> {
  /**
   * Does the work. Whatever it throws leaves the instance unusable.
   *
   * @param call the way into the guest; not valid after this method returns
   */
  R run(GuestCall call);
}
