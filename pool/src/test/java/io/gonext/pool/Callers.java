package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Virtual threads that check out. The test goes on when they are in the queue. */
final class Callers implements AfterEachCallback {

  /** A checkout in progress on its own thread. */
  record Call(Thread thread, CompletableFuture<Lease<Thing>> lease) {

    Lease<Thing> get() throws Exception {
      return lease.get(Pools.SOON.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private final List<Call> calls = new ArrayList<>();

  /** Starts a checkout; does not wait for anything. */
  Call start(InstancePool<Thing> pool, Duration timeout) {
    CompletableFuture<Lease<Thing>> lease = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .unstarted(() -> {
              try {
                lease.complete(pool.checkout(timeout));
              } catch (Throwable t) {
                lease.completeExceptionally(t);
              }
            });
    Call call = new Call(thread, lease);
    calls.add(call);
    thread.start();
    return call;
  }

  /** Starts a checkout and returns once it waits behind all that were queued before. */
  Call queue(InstancePool<Thing> pool, Duration timeout) {
    int before = pool.stats().waiting();
    Call call = start(pool, timeout);
    eventually().until(() -> pool.stats().waiting() == before + 1);
    return call;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (Call call : calls) {
      call.thread().join(Pools.SOON);
    }
  }
}
