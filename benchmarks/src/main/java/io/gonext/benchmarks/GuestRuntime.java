package io.gonext.benchmarks;

/** A WebAssembly runtime: ours, or the stock engine that ours is built on. */
interface GuestRuntime extends AutoCloseable {
  String OURS = "gonext";
  String STOCK = "stock";

  /** The runtime of this name. */
  static GuestRuntime named(String name) {
    return switch (name) {
      case OURS -> GonextRuntime.withoutCache();
      case STOCK -> new StockRuntime();
      default -> throw new IllegalArgumentException("no runtime is called " + name);
    };
  }

  /** Compiles a module. */
  Program compile(byte[] wasm);

  @Override
  void close();

  /** A compiled module. */
  interface Program {
    /** A new instance, started up. */
    Guest instantiate();
  }

  /** An instance. Not thread-safe. */
  interface Guest extends AutoCloseable {
    /** Calls an exported function; an i32 result is zero-extended. */
    long call(String export, long... args);

    /** Calls a hook through guest ABI v1 and returns its body; empty when there is none. */
    byte[] hook(byte[] name, byte[] payload);

    @Override
    void close();
  }
}
