package io.gonext.host.internal.service;

import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.FunctionType;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.abi.ImportRow;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A service that no host has, for the guest {@code counts}: {@code env.gn_count(name)} answers how
 * often a plugin named something. It keeps its numbers while the host is open.
 */
public final class CountService implements HostService {
  public static final AbiTable TABLE =
      AbiTable.v1()
          .with(
              ImportRow.of("env", "gn_count", FunctionType.of(I32, I32).returning(I64))
                  .taking("kv.read"));

  private static final ImportKey COUNT = new ImportKey("env", "gn_count");

  /** By plugin and name. */
  private final Map<String, Integer> counts = new ConcurrentHashMap<>();

  private volatile boolean closed;

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    String plugin = scope.manifest().name();
    return Map.of(
        COUNT,
        Body.answering(arguments -> {
          int count = counts.merge(plugin + " " + arguments.text(0, 8), 1, Integer::sum);
          String filtered = "{\"value\":" + count + "}";
          return new HostAnswer.Body(filtered.getBytes(StandardCharsets.UTF_8));
        }));
  }

  @Override
  public List<String> warnings(Manifest manifest) {
    return List.of(manifest.name() + " counts from zero");
  }

  @Override
  public void close() {
    closed = true;
  }

  public boolean isClosed() {
    return closed;
  }
}
