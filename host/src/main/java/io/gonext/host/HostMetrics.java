package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.host.internal.lifecycle.TrustGate;
import io.gonext.host.internal.store.PluginStore;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What an engine counts and whether the store works, in a registry until it is closed: another host
 * may use the registry then.
 */
final class HostMetrics implements AutoCloseable {
  private final MeterRegistry registry;
  private final List<Meter> meters = new ArrayList<>();

  HostMetrics(
      MeterRegistry registry,
      Engine engine,
      CompileCache cache,
      PluginStore store,
      TrustGate trust,
      Path dataDirectory) {
    this.registry = registry;
    gauge(
        "gonext.build.info",
        trust,
        t -> 1,
        "1, with the version of this host",
        "version",
        Host.version());
    File directory = dataDirectory.toFile();
    bytes(
        "free",
        directory,
        File::getUsableSpace,
        "Bytes that are free for the host's data directory");
    bytes("size", directory, File::getTotalSpace, "Size of the file system of the data directory");
    add(
        FunctionCounter.builder("gonext.engine.watchdog.failures", engine, Engine::watchdogFailures)
            .description(
                "Looks for calls past their deadline that failed, each followed by another"));
    gauge(
        "gonext.engine.compiles",
        engine,
        Engine::compilesRunning,
        "Modules that are compiled, or wait until those that are need less memory",
        "state",
        "running");
    gauge(
        "gonext.engine.compiles",
        engine,
        Engine::compilesWaiting,
        "Modules that are compiled, or wait until those that are need less memory",
        "state",
        "waiting");
    gauge(
        "gonext.store.available",
        store,
        s -> s.trouble().isEmpty() ? 1 : 0,
        "1 while the store answers and takes changes, 0 while it does not");
    gauge(
        "gonext.trust.distrusted",
        trust,
        t -> t.distrusted().size(),
        "Plugins in service whose version the trust policy no longer trusts");
    addLookUps(cache, "hit", CompileCache.Statistics::hits);
    addLookUps(cache, "miss", CompileCache.Statistics::misses);
    addLookUps(cache, "rejected", CompileCache.Statistics::rejected);
  }

  private <T> void gauge(
      String name, T from, ToDoubleFunction<T> value, String description, String... tags) {
    meters.add(
        Gauge.builder(name, from, value).description(description).tags(tags).register(registry));
  }

  private void bytes(
      String what, File directory, ToDoubleFunction<File> value, String description) {
    meters.add(
        Gauge.builder("gonext.data.directory." + what, directory, value)
            .description(description)
            .baseUnit("bytes")
            .strongReference(true)
            .register(registry));
  }

  private void addLookUps(
      CompileCache cache, String result, ToDoubleFunction<CompileCache.Statistics> count) {
    add(
        FunctionCounter.builder(
                "gonext.engine.compile.cache", cache, c -> count.applyAsDouble(c.statistics()))
            .description("Look-ups of compiled modules on disk")
            .tag("result", result));
  }

  private void add(FunctionCounter.Builder<?> counter) {
    meters.add(counter.register(registry));
  }

  @Override
  public void close() {
    meters.forEach(registry::remove);
  }
}
