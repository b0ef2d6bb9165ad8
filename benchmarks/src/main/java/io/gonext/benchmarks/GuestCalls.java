package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gonext.benchmarks.GuestRuntime.Guest;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One hook call in one guest, with a payload of some size in both directions. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuestCalls {
  @Param({GuestRuntime.OURS, GuestRuntime.STOCK})
  private String runtime = GuestRuntime.OURS;

  /** The payload's size in bytes, which comes back as the body; 0 for the smallest call. */
  @Param({"0", "1024", "65536"})
  private int bytes;

  private GuestRuntime engine;
  private Guest guest;
  private byte[] hook;
  private byte[] payload;

  @Setup
  public void open() throws IOException {
    engine = GuestRuntime.named(runtime);
    guest = engine.compile(ComputeGuest.wasmOfFork()).instantiate();
    hook = (bytes == 0 ? "done" : "echo").getBytes(UTF_8);
    payload = new byte[bytes];
    Arrays.fill(payload, (byte) 'x');
    if (!Arrays.equals(call(), payload)) {
      throw new IllegalStateException("the guest answers something else");
    }
  }

  @TearDown
  public void close() {
    guest.close();
    engine.close();
  }

  @Benchmark
  public byte[] call() {
    return guest.hook(hook, payload);
  }
}
