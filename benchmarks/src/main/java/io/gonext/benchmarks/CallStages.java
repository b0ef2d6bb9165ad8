package io.gonext.benchmarks;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.pool.Allocator;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The stages of a hook call, with a guest that does nothing, on one thread, in nanoseconds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallStages {
  private static final Duration LIMIT = Duration.ofSeconds(1);
  private static final byte[] HOOK = "h".getBytes(StandardCharsets.UTF_8);
  private static final byte[] PAYLOAD =
      "{\"kind\":\"filter\",\"value\":1,\"args\":[]}".getBytes(StandardCharsets.UTF_8);

  private Engine engine;
  private CompiledModule module;
  private GuestInstance instance;
  private InstancePool<GuestInstance> reused;
  private InstancePool<GuestInstance> fresh;
  private Path data;
  private Host host;

  @Setup
  public void open() throws IOException, InterruptedException {
    engine = new Engine(EngineLimits.defaults());
    module = engine.compile(Guests.wasm("done"));
    instance = module.instantiate(InstanceConfig.defaults());
    reused = pool(false);
    fresh = pool(true);
    data = Files.createTempDirectory("gonext-bench");
    host = Host.open(data);
    host.plugins().install(GuestBundle.of("done").filter("h").bytes());
    host.plugins().activate("done");
    host.plugins().install(GuestBundle.of("echo").filter("echo").bytes());
    host.plugins().activate("echo");
    host.addFilter("bench", "java", 10, (value, args, turn) -> value);
  }

  @TearDown
  public void close() throws IOException {
    host.close();
    reused.close();
    fresh.close();
    instance.close();
    engine.close();
    try (var files = Files.walk(data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Checkout and return, nothing between them. */
  @Benchmark
  public GuestInstance lease() throws InterruptedException {
    try (Lease<GuestInstance> lease = reused.checkout(LIMIT)) {
      return lease.get();
    }
  }

  /** The hook in one instance, without a pool. */
  @Benchmark
  public HookReply hook() {
    return GuestAbi.callHook(instance, HOOK, PAYLOAD, LIMIT);
  }

  /** Checkout, the hook, return: the instance keeps its state. */
  @Benchmark
  public HookReply leaseAndHook() throws InterruptedException {
    try (Lease<GuestInstance> lease = reused.checkout(LIMIT)) {
      return GuestAbi.callHook(lease.get(), HOOK, PAYLOAD, LIMIT);
    }
  }

  /** Checkout, the hook, return: the instance is made pristine. */
  @Benchmark
  public HookReply leaseAndHookFresh() throws InterruptedException {
    try (Lease<GuestInstance> lease = fresh.checkout(LIMIT)) {
      return GuestAbi.callHook(lease.get(), HOOK, PAYLOAD, LIMIT);
    }
  }

  /** The same through the host: hook bus, JSON, metrics. */
  @Benchmark
  public FilterResult host() throws InterruptedException {
    return host.applyFilters("h", 1);
  }

  /** The same, with a guest that answers with a value. */
  @Benchmark
  public FilterResult hostEcho() throws InterruptedException {
    return host.applyFilters("echo", 1);
  }

  /** The hook bus alone: a handler in Java that does nothing. */
  @Benchmark
  public FilterResult bus() throws InterruptedException {
    return host.applyFilters("java", 1);
  }

  /** A hook without handlers. */
  @Benchmark
  public FilterResult nobody() throws InterruptedException {
    return host.applyFilters("nobody", 1);
  }

  /** An instance for each call: what the pool avoids. */
  @Benchmark
  public HookReply instantiate() {
    try (GuestInstance own = module.instantiate(InstanceConfig.defaults())) {
      return GuestAbi.callHook(own, HOOK, PAYLOAD, LIMIT);
    }
  }

  private InstancePool<GuestInstance> pool(boolean pristine) {
    InstancePool<GuestInstance> pool =
        new InstancePool<>(
            PoolConfig.builder(pristine ? "fresh" : "reused").build(),
            new Allocator<>() {
              @Override
              public GuestInstance create() {
                return module.instantiate(InstanceConfig.defaults());
              }

              @Override
              public void reset(GuestInstance used) {
                if (pristine) {
                  used.reset();
                }
              }
            });
    pool.start();
    return pool;
  }
}
