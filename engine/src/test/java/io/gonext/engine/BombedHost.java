package io.gonext.engine;

import io.gonext.guests.Guests;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The main class of a process with a small heap. It calls one guest continuously while it compiles
 * {@link Bombs}: with the default limits, and with limits that bound nothing.
 */
final class BombedHost {
  private static final AtomicLong CALLS = new AtomicLong();
  private static final AtomicBoolean DONE = new AtomicBoolean();

  private BombedHost() {}

  public static void main(String[] args) throws InterruptedException {
    EngineLimits unbounded =
        EngineLimits.defaults()
            .with("compileMb", 1 << 20)
            .with("classMb", 1 << 10)
            .with("compileSteps", Integer.MAX_VALUE);
    try (var engine = new Engine(EngineLimits.defaults());
        var careless = new Engine(unbounded)) {
      GuestInstance guest =
          engine
              .compile(Guests.wasm("engine-basics"))
              .instantiate(new TestEngine().configBuilder().verifiesResets(false).build());
      Thread caller = Thread.ofPlatform().daemon().start(() -> callUntilDone(guest));
      Bombs.all().forEach((_, bomb) -> compile(engine, bomb));
      require(CALLS.get() > 0, "no call yet");
      // The calls also allocate. Retry a call that fails because the heap is full for a moment.
      DONE.set(true);
      caller.join();
      compile(careless, Bombs.aliveInLoops(40_000, 150_000));
      DONE.set(false);
      long before = CALLS.get();
      caller = Thread.ofPlatform().daemon().start(() -> callUntilDone(guest));
      while (CALLS.get() < before + 1_000) {
        Thread.onSpinWait();
      }
      DONE.set(true);
      caller.join();
      System.out.println("calls went on: " + CALLS.get());
    }
  }

  private static void callUntilDone(GuestInstance guest) {
    try {
      while (!DONE.get()) {
        TestEngine.call(guest, "add", 1, 2);
        CALLS.incrementAndGet();
      }
    } catch (RuntimeException | Error e) {
      System.out.println("call failed: " + e);
      System.exit(2);
    }
  }

  private static void compile(Engine engine, byte[] bomb) {
    try {
      engine.compile(bomb);
      System.out.println("compiled");
    } catch (EngineException e) {
      System.out.println("refused: " + e.getMessage());
    } catch (OutOfMemoryError full) {
      // While another thread fills the heap, the caller's own allocation may be the one that fails.
      System.out.println(
          "refused: compiling the module took more memory than this process has left");
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }
}
