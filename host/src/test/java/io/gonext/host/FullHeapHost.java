package io.gonext.host;

import io.gonext.guests.GuestBundle;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FilterResult;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A process whose heap fills up while its host is called, and is free again after that: for {@link
 * FullHeapTest}. Says "recovered" when all that failed works again.
 */
final class FullHeapHost {
  private static final int CALLERS = 4;
  private static final long FULL_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private FullHeapHost() {}

  public static void main(String[] args) throws Exception {
    try (Host host = Host.open(config(Path.of(args[0])))) {
      activate(host, GuestBundle.of("upper").filter("h").limit("instances_max", 1));
      activate(host, GuestBundle.of("trap").filter("t").route("GET", "/x"));
      activate(host, GuestBundle.of("batch").batchFilter("b"));
      System.out.println("opened");
      callWithFullHeap(host);
      System.out.println("free");
      awaitGoodCalls(host);
      System.out.println("recovered");
    }
    System.exit(0);
  }

  private static HostConfig config(Path data) {
    return HostConfig.builder(data).routeRate(RouteRate.UNLIMITED).build();
  }

  private static void callWithFullHeap(Host host) throws InterruptedException {
    AtomicBoolean full = new AtomicBoolean();
    AtomicBoolean over = new AtomicBoolean();
    CountDownLatch ready = new CountDownLatch(CALLERS);
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      callers.add(
          Thread.ofPlatform()
              .start(() -> {
                ready.countDown();
                while (!full.get()) {
                  Thread.onSpinWait();
                }
                while (!over.get()) {
                  tryAll(host);
                }
              }));
    }
    ready.await();
    @Nullable Object[] ballast = fill();
    full.set(true);
    long end = System.nanoTime() + FULL_NANOS;
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
    ballast[0] = null;
    over.set(true);
    for (Thread caller : callers) {
      caller.join();
    }
  }

  /** All of the heap, in a chain that is let go of at its first link. */
  private static @Nullable Object[] fill() {
    @Nullable Object[] first = new @Nullable Object[2];
    @Nullable Object[] last = first;
    int size = 1 << 20;
    while (size > 2) {
      try {
        @Nullable Object[] next = new @Nullable Object[size];
        last[0] = next;
        last = next;
      } catch (OutOfMemoryError e) {
        size /= 2;
      }
    }
    return first;
  }

  private static void tryAll(Host host) {
    try {
      var _ = host.applyFilters("h", "a");
    } catch (Throwable e) {
      // What is looked for comes later.
    }
    try {
      var _ = host.applyFilters(CallOptions.DEFAULT.withFailClosed(), "t", "a");
    } catch (Throwable e) {
      // As above.
    }
    try {
      var _ = host.applyFiltersBatch("b", List.of("a", "b"));
    } catch (Throwable e) {
      // As above.
    }
    try {
      var _ = host.serve("trap", new PluginRequest("GET", "/x", "", Map.of(), new byte[0]));
    } catch (Throwable e) {
      // As above.
    }
  }

  private static void awaitGoodCalls(Host host) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    int good = 0;
    while (good < 100) {
      String failed = failed(host);
      good = failed.isEmpty() ? good + 1 : 0;
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("not recovered: " + failed);
      }
      if (good == 0) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** What does not work as it should; empty when all does. */
  private static String failed(Host host) throws InterruptedException {
    try {
      FilterResult one = host.applyFilters("h", "a");
      BatchResult many = host.applyFiltersBatch("b", List.of("a"));
      RouteOutcome route =
          host.serve("trap", new PluginRequest("GET", "/x", "", Map.of(), new byte[0]));
      boolean well =
          host.health().brokenDown().isEmpty()
              && one.degraded().isEmpty()
              && many.degraded().isEmpty()
              && route instanceof RouteOutcome.Failed;
      return well ? "" : one + ", " + many + ", " + route + ", " + host.health().brokenDown();
    } catch (RuntimeException | Error e) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      return trace.toString();
    }
  }

  private static void activate(Host host, GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }
}
