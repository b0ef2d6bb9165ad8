package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CallTimes;
import io.gonext.engine.EngineException;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.StoredPlugin;
import io.gonext.host.TrialResult;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookCodec;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.hook.CallNotes;
import io.gonext.host.internal.route.RouteCodec;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.internal.route.RouteTable;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Calls of installed plugins in instances of their own, whose services change nothing. No breaker,
 * counter or log line of the plugin shows them.
 *
 * <p>Thread-safe.
 */
public final class TrialCalls {
  private final Installed installed;
  private final PluginLoader loader;

  TrialCalls(Installed installed, PluginLoader loader) {
    this.installed = installed;
    this.loader = loader;
  }

  /** Reads an answer of the guest: a value, a response, or anything for an action. */
  @FunctionalInterface
  private interface Reading {
    Object of(HookReply reply) throws HookFailedException;
  }

  /** See {@link io.gonext.host.Trials#filter}. */
  public TrialResult filter(String plugin, String hook, JsonNode value, List<JsonNode> args) {
    PluginLoader.CheckedModule checked = load(plugin);
    requireDeclared(plugin, "filter " + hook, checked.bundle().manifest().filters(), hook);
    return call(
        checked,
        hook,
        () -> HookCodec.filter(value, args),
        reply -> HookCodec.filterAnswer(reply, value).value());
  }

  /** See {@link io.gonext.host.Trials#action}. */
  public TrialResult action(String plugin, String hook, List<JsonNode> args) {
    PluginLoader.CheckedModule checked = load(plugin);
    requireDeclared(plugin, "action " + hook, checked.bundle().manifest().actions(), hook);
    return call(
        checked,
        hook,
        () -> HookCodec.action(args),
        reply -> {
          HookCodec.actionAnswer(reply);
          return "";
        });
  }

  /** See {@link io.gonext.host.Trials#route}. */
  public TrialResult route(String plugin, PluginRequest request) {
    PluginLoader.CheckedModule checked = load(plugin);
    Manifest manifest = checked.bundle().manifest();
    RouteTable routes = new RouteTable(manifest.routes());
    RouteHeaders headers = loader.trialHeaders(checked.bundle());
    if (!(routes.match(request.method(), request.path()) instanceof RouteTable.Found found)) {
      throw new IllegalArgumentException(
          plugin + " has no route for " + request.method() + " " + request.path());
    }
    return call(
        checked,
        Manifest.routeHook(plugin),
        () -> HookCodec.route(RouteCodec.encode(request, found, headers)),
        reply -> {
          try {
            return RouteCodec.decode(
                HookCodec.filterAnswer(reply, MissingNode.getInstance()).value(), headers);
          } catch (RouteCodec.BadResponseException e) {
            throw new HookFailedException(HookOutcome.BAD_ANSWER, e.getMessage(), e);
          }
        });
  }

  private PluginLoader.CheckedModule load(String plugin) {
    StoredPlugin stored = installed.require(plugin);
    return loader.check(installed.delivered(stored, stored.current()));
  }

  private static void requireDeclared(
      String plugin, String what, List<Manifest.Hook> declared, String hook) {
    if (declared.stream().noneMatch(one -> one.name().equals(hook))) {
      throw new IllegalArgumentException(plugin + " has no " + what);
    }
  }

  /** Writes a payload, which may be too large. */
  @FunctionalInterface
  private interface Payload {
    byte[] written() throws HookFailedException;
  }

  private TrialResult call(
      PluginLoader.CheckedModule checked, String hook, Payload payload, Reading reading) {
    Manifest manifest = checked.bundle().manifest();
    long began = System.nanoTime();
    CallTimes times = new CallTimes(0, 0, 0, false, 0);
    try (GuestInstance instance = loader.trialInstance(checked)) {
      byte[] bytes = payload.written();
      began = System.nanoTime();
      try {
        HookReply reply =
            GuestAbi.callHook(
                instance,
                hook.getBytes(StandardCharsets.UTF_8),
                bytes,
                loader.limitsOf(manifest).fromNow());
        long took = System.nanoTime() - began;
        long touched = instance.touchedBytes();
        return result(
            new TurnFailure(
                manifest.name(),
                manifest.version().toString(),
                hook,
                HookOutcome.OK,
                "",
                List.of()),
            took,
            instance.lastRun(),
            touched,
            reading.of(reply));
      } catch (GuestTrap trap) {
        throw new HookFailedException(
            HookOutcome.valueOf(trap.trapCause().code()), trap.getMessage(), trap);
      } finally {
        times = instance.lastRun();
      }
    } catch (HookFailedException e) {
      return failed(manifest, hook, System.nanoTime() - began, times, e);
    } catch (EngineException e) {
      return failed(
          manifest,
          hook,
          0,
          times,
          new HookFailedException(
              HookOutcome.NO_INSTANCE, "it does not start: " + e.getMessage(), e));
    }
  }

  private static TrialResult failed(
      Manifest manifest, String hook, long took, CallTimes times, HookFailedException failure) {
    return result(
        CallNotes.told(failure, manifest.name(), manifest.version().toString(), hook),
        took,
        times,
        0,
        null);
  }

  private static TrialResult result(
      TurnFailure told, long took, CallTimes times, long touchedBytes, @Nullable Object result) {
    return new TrialResult(
        told.version(),
        told.outcome(),
        told.reason(),
        result instanceof JsonNode value ? value : null,
        result instanceof PluginResponse response ? Optional.of(response) : Optional.empty(),
        Duration.ofNanos(took),
        Duration.ZERO,
        Duration.ofNanos(times.guestNanos()),
        Duration.ofNanos(times.hostNanos()),
        times.fuel(),
        touchedBytes,
        told.backtrace());
  }
}
