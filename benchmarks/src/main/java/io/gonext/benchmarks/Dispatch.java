package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.Guests;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.pool.Allocator;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Checkout, the smallest hook call and return, on a pool of 8 whose instances are reset on return.
 * benchmarks/wazero does the same without the reset.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Dispatch {
  private static final int POOL_SIZE = 8;
  private static final int CALLERS = 100;
  private static final int CALLS_EACH = 500;

  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final byte[] HOOK = "h".getBytes(UTF_8);
  private static final byte[] PAYLOAD =
      "{\"kind\":\"filter\",\"value\":1,\"args\":[]}".getBytes(UTF_8);

  private Engine engine;
  private InstancePool<GuestInstance> pool;
  private ExecutorService callers;

  @Setup
  public void open() {
    engine = new Engine(EngineLimits.defaults());
    CompiledModule module = engine.compile(Guests.wasm("done"));
    pool =
        new InstancePool<>(
            PoolConfig.builder("dispatch").bounds(POOL_SIZE, POOL_SIZE).build(),
            new Allocator<>() {
              @Override
              public GuestInstance create() {
                return module.instantiate(InstanceConfig.defaults());
              }

              @Override
              public void reset(GuestInstance used) {
                used.reset();
              }
            });
    pool.start();
    callers = Executors.newVirtualThreadPerTaskExecutor();
  }

  @TearDown
  public void close() {
    callers.close();
    pool.close();
    engine.close();
  }

  @Benchmark
  public HookReply single() throws InterruptedException {
    try (Lease<GuestInstance> lease = pool.checkout(LIMIT)) {
      return GuestAbi.callHook(lease.get(), HOOK, PAYLOAD, LIMIT);
    }
  }

  /** All callers at once, each on a virtual thread. */
  @Benchmark
  @OperationsPerInvocation(CALLERS * CALLS_EACH)
  public void crowd() throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      running.add(
          callers.submit(() -> {
            for (int call = 0; call < CALLS_EACH; call++) {
              single();
            }
            return null;
          }));
    }
    for (Future<?> each : running) {
      each.get();
    }
  }
}
