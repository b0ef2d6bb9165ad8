package io.gonext.benchmarks;

/** What runs WebAssembly: ours, or the stock engine that ours is built from. */
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

  /** From a module's bytes to something that can be instantiated. */
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

    /** Calls a hook as guest ABI v1 says and returns its body, empty where there is none. */
    byte[] hook(byte[] name, byte[] payload);

    @Override
    void close();
  }
}
