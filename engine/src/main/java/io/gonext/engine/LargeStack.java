package io.gonext.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Runs what the compiler does on a thread whose stack is large enough for nested blocks. */
final class LargeStack {
  /** Deeply nested blocks take a few frames of the stack each. */
  static final long BYTES = 64L << 20;

  private LargeStack() {}

  /** Waits for the task's result, also if the calling thread is interrupted. */
  static <T> T call(Supplier<T> task) {
    var result = new CompletableFuture<T>();
    Thread.ofPlatform()
        .daemon()
        .name("gonext-compile")
        .stackSize(BYTES)
        .start(() -> {
          try {
            result.complete(task.get());
          } catch (Throwable failure) {
            result.completeExceptionally(failure);
          }
        });
    try {
      return result.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw e;
      }
    }
  }
}
