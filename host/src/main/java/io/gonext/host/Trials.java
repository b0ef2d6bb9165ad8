package io.gonext.host;

import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.internal.calls.EndedCall;
import io.gonext.host.internal.hook.CallNotes;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.hook.Tried;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.json.StrictJson;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Single calls of one plugin that an operator makes to see what it does, against the live plugin or
 * in an instance of their own.
 *
 * <p>Thread-safe.
 */
public final class Trials {
  private final Lifecycle lifecycle;
  private final HookBus hooks;
  private final ChangeRecord record;

  Trials(Lifecycle lifecycle, HookBus hooks, ChangeRecord record) {
    this.lifecycle = lifecycle;
    this.hooks = hooks;
    this.record = record;
  }

  /** Where a call runs. */
  public enum Where {
    /**
     * In the plugin that is in service, as any call: with its effects, its limits, its circuit
     * breaker and its metrics. The audit log records it, without the payload.
     */
    LIVE,

    /**
     * In an instance of its own, which is closed afterwards. The plugin has its capabilities, and
     * the host's services answer as if they had done what it asks for, and change nothing. The
     * plugin need not be in service.
     */
    TRIAL
  }

  /**
   * Calls a plugin's filter, and no other plugin's.
   *
   * @throws UnknownPluginException when no plugin of that name is installed, or in service for
   *     {@link Where#LIVE}
   * @throws IllegalArgumentException when the plugin does not have the filter, or the value has no
   *     JSON form
   */
  public TrialResult filter(String plugin, Where where, String hook, Object value, Object... args)
      throws InterruptedException {
    JsonNode json = StrictJson.valueOf(value);
    if (where == Where.TRIAL) {
      return lifecycle.trials().filter(plugin, hook, json, json(args));
    }
    requireInService(plugin);
    return live(plugin, "filter " + hook, hooks.tryFilter(plugin, hook, json, json(args)));
  }

  /** Calls a plugin's action; see {@link #filter}. */
  public TrialResult action(String plugin, Where where, String hook, Object... args)
      throws InterruptedException {
    if (where == Where.TRIAL) {
      return lifecycle.trials().action(plugin, hook, json(args));
    }
    requireInService(plugin);
    return live(plugin, "action " + hook, hooks.tryAction(plugin, hook, json(args)));
  }

  /**
   * Calls the route of a plugin that takes a request. No limit of requests holds.
   *
   * @throws UnknownPluginException as {@link #filter} does
   * @throws IllegalArgumentException when no route takes it
   */
  public TrialResult route(String plugin, Where where, PluginRequest request)
      throws InterruptedException {
    if (where == Where.TRIAL) {
      return lifecycle.trials().route(plugin, request);
    }
    String what = request.method() + " " + request.path();
    return live(plugin, what, requireInService(plugin).tryServe(request));
  }

  private PluginSlot requireInService(String plugin) {
    return lifecycle.active(plugin).orElseThrow(() -> new UnknownPluginException(plugin));
  }

  private TrialResult live(String plugin, String what, Tried tried) {
    HookFailedException failure = tried.failure();
    HookOutcome outcome = failure == null ? HookOutcome.OK : failure.outcome();
    ObjectNode detail = ChangeRecord.detail().put("call", what).put("outcome", outcome.name());
    record.done("try", plugin, detail);
    TurnFailure told =
        failure == null
            ? new TurnFailure(plugin, tried.version(), what, outcome, "", List.of())
            : CallNotes.told(failure, plugin, tried.version(), what);
    EndedCall.Times times = tried.times();
    return new TrialResult(
        tried.version(),
        outcome,
        told.reason(),
        tried.value(),
        Optional.ofNullable(tried.response()),
        Duration.ofNanos(times.took()),
        Duration.ofNanos(times.queued()),
        Duration.ofNanos(times.guest()),
        Duration.ofNanos(times.host()),
        times.fuel(),
        tried.touchedBytes(),
        told.backtrace());
  }

  private static List<JsonNode> json(Object[] args) {
    return Arrays.stream(args).map(StrictJson::valueOf).toList();
  }
}
