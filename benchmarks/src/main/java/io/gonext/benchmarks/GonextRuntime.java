package io.gonext.benchmarks;

import io.gonext.engine.CompileCache;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestFunction;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** Our engine as the host uses it: every call has a deadline and the ABI's checks. */
final class GonextRuntime implements GuestRuntime {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final byte[] NO_BODY = {};

  private final Engine engine;

  private GonextRuntime(Engine engine) {
    this.engine = engine;
  }

  /** A runtime that compiles every module again. */
  static GonextRuntime withoutCache() {
    return new GonextRuntime(new Engine(EngineLimits.defaults()));
  }

  /** A runtime that first looks for compiled modules in a directory. */
  static GonextRuntime withCache(Path directory) throws IOException {
    byte[] hostKey = new byte[32];
    CompileCache cache = CompileCache.open(directory, hostKey, 1L << 30);
    return new GonextRuntime(Engine.withCache(EngineLimits.defaults(), cache));
  }

  @Override
  public Program compile(byte[] wasm) {
    CompiledModule module = engine.compile(wasm);
    return () -> new GonextGuest(module.instantiate(InstanceConfig.defaults()));
  }

  @Override
  public void close() {
    engine.close();
  }

  private static final class GonextGuest implements Guest {
    private final GuestInstance instance;

    GonextGuest(GuestInstance instance) {
      this.instance = instance;
    }

    @Override
    public long call(String export, long... args) {
      GuestFunction function = instance.function(export);
      return instance.run(LIMIT, call -> call.call(function, args));
    }

    @Override
    public byte[] hook(byte[] name, byte[] payload) {
      return switch (GuestAbi.callHook(instance, name, payload, LIMIT)) {
        case HookReply.Body(byte[] bytes) -> bytes;
        case HookReply.Done _ -> NO_BODY;
        case HookReply.Failed(int status) ->
            throw new IllegalStateException("the hook answered " + status);
      };
    }

    @Override
    public void close() {
      instance.close();
    }
  }
}
