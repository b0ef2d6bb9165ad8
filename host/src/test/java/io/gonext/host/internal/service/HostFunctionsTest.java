package io.gonext.host.internal.service;

import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.HostFailure;
import io.gonext.engine.HostFunction;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.TrapCause;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Done;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.abi.ImportRow;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.log.PluginLog;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Locales;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The guest {@code counts} hands out what its one host function, {@code gn_count}, returned. */
class HostFunctionsTest {
  private static final ImportRow ROW =
      ImportRow.of("env", "gn_count", FunctionType.of(I32, I32).returning(I64));
  private static final AbiTable TABLE = AbiTable.of(List.of(ROW));
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final byte[] HOOK = "h".getBytes(StandardCharsets.UTF_8);

  private final Engine engine = new Engine(EngineLimits.defaults());

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void a_body_is_a_block_of_the_guests_memory() {
    assertThat(reply(arguments -> new HostAnswer.Body(new byte[] {'1'})))
        .isInstanceOfSatisfying(
            HookReply.Body.class, body -> assertThat(body.bytes()).containsExactly('1'));
  }

  @Test
  void an_empty_body_is_the_same_as_done() {
    assertThat(reply(arguments -> new HostAnswer.Body(new byte[0])))
        .isEqualTo(new HookReply.Done());
    assertThat(reply(arguments -> Done.DONE)).isEqualTo(new HookReply.Done());
  }

  @Test
  void a_refusal_is_its_status_in_the_family_of_the_row() {
    assertThat(reply(arguments -> Refused.NOT_FOUND)).isEqualTo(new HookReply.Failed(-4));
    assertThat(reply(arguments -> Refused.QUOTA)).isEqualTo(new HookReply.Failed(-5));
  }

  @Test
  void a_block_that_is_too_long_is_bad_arguments() {
    assertThat(reply(arguments -> new HostAnswer.Body(arguments.bytes(0, 4))))
        .isInstanceOf(HookReply.Body.class);
    assertThat(reply(arguments -> new HostAnswer.Body(arguments.bytes(0, 3))))
        .isEqualTo(new HookReply.Failed(-3));
  }

  @Test
  void a_block_that_is_not_json_is_bad_arguments() {
    assertThat(
            reply(arguments -> {
              var _ = arguments.json(0, 4);
              return Done.DONE;
            }))
        .isEqualTo(new HookReply.Failed(-3));
  }

  @Test
  void a_block_outside_of_the_memory_is_a_trap() {
    Body reading =
        Body.plain((call, args) -> {
          var outside = new GuestArguments(call, new long[] {0xffff_fff0L, 4});
          return outside.bytes(0, 4).length;
        });
    try (GuestInstance guest = instance(new OneFunction(reading, false))) {
      assertThatThrownBy(() -> GuestAbi.callHook(guest, HOOK, new byte[0], LIMIT))
          .isInstanceOfSatisfying(
              GuestTrap.class,
              trap -> assertThat(trap.trapCause()).isInstanceOf(TrapCause.AbiViolation.class));
    }
  }

  @Test
  void a_service_that_waits_has_its_time_measured_apart() {
    long spent = 3_000_000;
    Body.Work work =
        arguments -> {
          long end = System.nanoTime() + spent;
          while (System.nanoTime() < end) {
            Thread.onSpinWait();
          }
          return Done.DONE;
        };
    try (GuestInstance guest = instance(new OneFunction(Body.answering(work), true))) {
      GuestAbi.callHook(guest, HOOK, new byte[0], LIMIT);
      assertThat(guest.lastRun().waitNanos()).isBetween(spent, guest.lastRun().hostNanos());
    }
    try (GuestInstance guest = instance(new OneFunction(Body.answering(work), false))) {
      GuestAbi.callHook(guest, HOOK, new byte[0], LIMIT);
      assertThat(guest.lastRun().waitNanos()).isZero();
      assertThat(guest.lastRun().hostNanos()).isGreaterThanOrEqualTo(spent);
    }
  }

  @Test
  void an_unavailable_service_is_reported_with_the_status_internal() {
    var missing =
        new OneFunction(
            Body.answering(arguments -> new HostAnswer.Unavailable("it was out")), false);
    try (GuestInstance guest = instance(missing)) {
      assertThat(GuestAbi.callHook(guest, HOOK, new byte[0], LIMIT))
          .isEqualTo(new HookReply.Failed(-2));
      assertThat(guest.hostFailure()).isEqualTo(new HostFailure("STORE_UNAVAILABLE", "it was out"));
    }
  }

  @Test
  void services_that_do_not_match_the_table_are_refused() {
    HostService count = new OneFunction(Body.answering(arguments -> Done.DONE), false);
    AbiTable none = AbiTable.of(List.of());
    assertThatThrownBy(() -> HostFunctions.of(TABLE, List.of(), scope()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no service offers env.gn_count");
    assertThatThrownBy(() -> HostFunctions.of(TABLE, List.of(count, count), scope()))
        .hasMessage("two services offer env.gn_count");
    assertThatThrownBy(() -> HostFunctions.of(none, List.of(count), scope()))
        .hasMessage("the table has no row for [env.gn_count]");
  }

  private HookReply reply(Body.Work work) {
    try (GuestInstance guest = instance(new OneFunction(Body.answering(work), false))) {
      return GuestAbi.callHook(guest, HOOK, new byte[0], LIMIT);
    }
  }

  private GuestInstance instance(HostService service) {
    List<HostFunction> functions = HostFunctions.of(TABLE, List.of(service), scope());
    return engine
        .compile(Guests.wasm("counts"))
        .instantiate(InstanceConfig.builder().hostFunctions(functions).build());
  }

  private static PluginScope scope() {
    return new PluginScope(
        Bundle.read(GuestBundle.of("counts").filter("h").bytes()).manifest(),
        Locales.none(),
        PluginScope.Mode.SERVING,
        Permissions.none(),
        PluginLog.discarding(),
        new PluginAudit(
            (plugin, version, event, actor, detail) -> true,
            new SimpleMeterRegistry(),
            "counts",
            "1.0.0",
            () -> 0),
        InstantSource.system());
  }

  private record OneFunction(Body body, boolean waits) implements HostService {
    @Override
    public Map<ImportKey, Body> bind(PluginScope scope) {
      return Map.of(ROW.key(), body);
    }
  }
}
