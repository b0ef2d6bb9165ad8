package io.gonext.engine;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.guests.Guests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** An engine for one test, with short methods to create and call guests. */
public final class TestEngine implements AfterEachCallback {
  public static final Duration LONG = Duration.ofSeconds(20);

  public final Engine engine = new Engine(EngineLimits.defaults());

  /** The guests' output, as {@code STDOUT:text}. */
  public final List<String> output = new ArrayList<>();

  /** The body of {@code env.host}. By default it returns its argument plus one. */
  public HostFunction.Body host = (call, args) -> args[0] + 1;

  public InstanceConfig config() {
    return configBuilder().build();
  }

  public InstanceConfig.Builder configBuilder() {
    return InstanceConfig.builder()
        .verifiesResets(true)
        .output((stream, text) -> output.add(stream + ":" + text))
        .hostFunctions(
            List.of(
                HostFunction.of(
                    "env",
                    "host",
                    FunctionType.of(ValueType.I32).returning(ValueType.I32),
                    (call, args) -> host.apply(call, args)),
                HostFunction.of(
                    "env",
                    "panic",
                    FunctionType.of(ValueType.I32, ValueType.I32),
                    (call, args) -> {
                      throw new GuestPanicException(call.memory().readUtf8(args[0], args[1]));
                    })));
  }

  public GuestInstance instance(String guest) {
    return instance(guest, config());
  }

  public GuestInstance instance(String guest, InstanceConfig config) {
    return engine.compile(Guests.wasm(guest)).instantiate(config);
  }

  public static long call(GuestInstance instance, String function, long... args) {
    return call(instance, LONG, function, args);
  }

  public static long call(GuestInstance instance, Duration limit, String function, long... args) {
    return instance.run(limit, call -> call.call(instance.function(function), args));
  }

  public static GuestTrap trap(GuestInstance instance, String function, long... args) {
    return trap(instance, LONG, function, args);
  }

  public static GuestTrap trap(
      GuestInstance instance, Duration limit, String function, long... args) {
    return catchThrowableOfType(GuestTrap.class, () -> call(instance, limit, function, args));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    engine.close();
  }
}
