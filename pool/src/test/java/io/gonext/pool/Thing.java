package io.gonext.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A pooled thing that notices when two users touch it at once, or one after it was closed. */
final class Thing {

  final int id;
  final AtomicInteger resets = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();
  volatile long weight;

  /** Not volatile, so that only the pool orders its users. */
  int uses;

  private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

  Thing(int id, long weight) {
    this.id = id;
    this.weight = weight;
  }

  void use() {
    enter();
    uses++;
    exit();
  }

  void enter() {
    Thread me = Thread.currentThread();
    Thread other = user.compareAndExchange(null, me);
    if (other != null) {
      throw new AssertionError("thing " + id + " is used by " + other + " and " + me);
    }
    if (closes.get() > 0) {
      throw new AssertionError("thing " + id + " is used after it was closed");
    }
  }

  void exit() {
    user.set(null);
  }

  boolean inUse() {
    return user.get() != null;
  }
}
