package io.gonext.testkit;

import io.gonext.engine.CompileCache;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Coverage;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.Metering;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An engine for many {@link TestHost}s, one after another: each module is compiled once. It may
 * count which of a module's code ran in all of them.
 *
 * <p>For one thread, the test's.
 */
public final class TestEngine implements AutoCloseable {
  /** The clock and the random numbers of the host that is open. */
  private static final class Sources extends SecureRandom implements InstantSource {
    private static final long serialVersionUID = 1L;

    private volatile InstantSource clock = InstantSource.system();

    private volatile SecureRandom random = new SeededRandom(0);

    @SuppressWarnings("NullAway") // It has no provider.
    Sources() {
      super(null, null);
    }

    @Override
    public Instant instant() {
      return clock.instant();
    }

    @Override
    public void nextBytes(byte[] bytes) {
      random.nextBytes(bytes);
    }

    @Override
    public String getAlgorithm() {
      return "of the open host";
    }
  }

  private final Sources sources = new Sources();
  private final CompileCache compiled;
  private final Engine engine;

  /** The module whose blocks are counted; null for none. */
  private final @Nullable CompiledModule counted;

  /** The files of an empty store: copying them is faster than making tables. Null before a use. */
  private @Nullable Map<String, byte[]> emptyStore;

  private TestEngine(CompileCache compiled, byte @Nullable [] counted) {
    this.compiled = compiled;
    this.engine = Engine.withCache(EngineLimits.defaults(), compiled, sources, sources);
    this.counted = counted == null ? null : engine.compile(counted, Metering.BLOCKS);
  }

  /** An engine that keeps compiled modules in a cache. */
  public static TestEngine of(CompileCache compiled) {
    return new TestEngine(compiled, null);
  }

  /**
   * An engine that counts how often each block of a module runs.
   *
   * @throws io.gonext.engine.EngineException when the module cannot be compiled
   */
  public static TestEngine counting(CompileCache compiled, byte[] module) {
    return new TestEngine(compiled, module);
  }

  /** What of the counted module ran until now, in all hosts. */
  public Coverage coverage() {
    if (counted == null) {
      throw new IllegalStateException("this engine counts nothing");
    }
    return counted.coverage();
  }

  Host open(HostConfig config, FakeClock clock, SeededRandom random)
      throws IOException, InterruptedException {
    sources.clock = clock;
    sources.random = random;
    Map<String, byte[]> files = emptyStore;
    if (files == null) {
      files = emptyStore();
      emptyStore = files;
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(config.dataDirectory().resolve(file.getKey()), file.getValue());
    }
    return Host.open(config.toBuilder().countsBlocks(counted != null).build(), compiled, engine);
  }

  private Map<String, byte[]> emptyStore() throws IOException, InterruptedException {
    Map<String, byte[]> files = new HashMap<>();
    try (TemporaryDirectory data = TemporaryDirectory.create()) {
      Host.open(HostConfig.builder(data.path()).warmUp(Duration.ZERO).build(), compiled, engine)
          .close();
      try (var found = Files.list(data.path())) {
        for (Path file : found.filter(Files::isRegularFile).toList()) {
          files.put(file.getFileName().toString(), Files.readAllBytes(file));
        }
      }
    }
    return files;
  }

  @Override
  public void close() {
    engine.close();
  }
}
