package io.gonext.host;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.CallOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * A process that opens a host, says "opened", and has calls end in every way that guests know: for
 * {@link EarlyClassesTest}, which sees what its first calls initialize.
 */
final class EveryCallHost {
  private static final List<String> GUESTS =
      List.of(
          "upper",
          "trap",
          "panic",
          "exit",
          "loop",
          "grow",
          "logs",
          "floods",
          "denied",
          "audits",
          "badresult-bounds",
          "badresult-notjson",
          "badresult-status-1",
          "badalloc-zero",
          "time",
          "remembers");

  private EveryCallHost() {}

  public static void main(String[] args) throws Exception {
    HostConfig config =
        HostConfig.builder(Path.of(args[0]))
            .routeRate(new RouteRate(3, 1))
            .breaker(BreakerPolicy.DEFAULT.withThreshold(50, 3, Duration.ofSeconds(30)))
            .build();
    try (Host host = Host.open(config)) {
      for (String guest : GUESTS) {
        activate(
            host,
            GuestBundle.of(guest)
                .filter(guest.replace('-', '_'))
                .action("act")
                .route("GET", "/{id}")
                .limit("call_ms", guest.equals("loop") ? 30 : 200)
                .limit("instances_max", 1));
      }
      activate(host, GuestBundle.of("batch").batchFilter("b"));
      activate(
          host,
          GuestBundle.of("key-values", Guests.wasm("kv"))
              .filter("kv")
              .field("capabilities", "[\"kv.read\",\"kv.write\"]"));
      host.plugins().grantRequested("key-values");
      System.out.println("opened");
      callAll(host);
      System.out.println("called");
    }
    System.exit(0);
  }

  private static void callAll(Host host) throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      for (String guest : GUESTS) {
        String hook = guest.replace('-', '_');
        host.applyFilters(hook, "a", 1);
        try {
          host.applyFilters(CallOptions.DEFAULT.withFailClosed(), hook, Map.of("a", 1));
        } catch (ChainFailedException e) {
          // One of the ways.
        }
        host.serve(guest, new PluginRequest("GET", "/x", "q=1", Map.of(), new byte[1]));
        host.serve(guest, new PluginRequest("PUT", "/x", "", Map.of(), new byte[0]));
        host.serve(guest, new PluginRequest("GET", "/x/y", "", Map.of(), new byte[0]));
      }
      host.doAction("act");
      host.applyFiltersBatch("b", List.of("a", "b"));
      host.applyFiltersBatch("b", List.of("a", "x".repeat(1 << 20)));
      for (String operation : List.of("gk", "sk=1", "gk", "ik=1", "dk", "g")) {
        host.applyFilters("kv", operation);
      }
      host.health().troubles();
    }
    crowd(host);
  }

  /** More callers than instances, some of whom leave without one. */
  private static void crowd(Host host) throws InterruptedException {
    List<Thread> callers = new ArrayList<>();
    CountDownLatch together = new CountDownLatch(8);
    for (int i = 0; i < 8; i++) {
      callers.add(
          Thread.ofPlatform()
              .start(() -> {
                together.countDown();
                try {
                  together.await();
                  host.applyFilters("loop", "a");
                  host.applyFilters("upper", "a");
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
  }

  private static void activate(Host host, GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }
}
