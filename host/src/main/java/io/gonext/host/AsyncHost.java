package io.gonext.host;

import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.json.StrictJson;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Calls of a {@link Host} for threads that must not block, such as the event loops of Netty. Each
 * call runs on a virtual thread of its own. A plugin's queue bounds how many of them wait.
 *
 * <p>A future completes when the call ends, on the call's thread: use {@code thenAcceptAsync} with
 * the executor of an event loop to go on there. To cancel a future interrupts the call, which ends
 * the guest that runs; a future that a method such as {@code thenApply} made of it does not pass
 * its cancellation on. The time limits of the host hold as for any call.
 *
 * <p>A future fails with what {@link Host}'s method of the same name throws. Values and arguments
 * are turned into JSON before a method returns, so the caller may change them afterwards.
 *
 * <p>Thread-safe.
 */
public final class AsyncHost {
  private final Host host;

  /** The host stays the caller's, who closes it. */
  public AsyncHost(Host host) {
    this.host = host;
  }

  /**
   * See {@link Host#applyFilters(String, Object, Object...)}.
   *
   * @throws IllegalArgumentException when the value or an argument has no JSON form
   */
  public CompletableFuture<FilterResult> applyFilters(String hook, Object value, Object... args) {
    return applyFilters(CallOptions.DEFAULT, hook, value, args);
  }

  /**
   * See {@link Host#applyFilters(CallOptions, String, Object, Object...)}.
   *
   * @throws IllegalArgumentException when the value or an argument has no JSON form
   */
  public CompletableFuture<FilterResult> applyFilters(
      CallOptions options, String hook, Object value, Object... args) {
    JsonNode json = StrictJson.valueOf(value);
    Object[] jsonArgs = json(args);
    return Call.start(() -> host.applyFilters(options, hook, json, jsonArgs));
  }

  /**
   * See {@link Host#applyFiltersBatch(CallOptions, String, List, Object...)}.
   *
   * @throws IllegalArgumentException when a value or an argument has no JSON form
   */
  public CompletableFuture<BatchResult> applyFiltersBatch(
      CallOptions options, String hook, List<?> values, Object... args) {
    List<Object> json = List.of(json(values.toArray()));
    Object[] jsonArgs = json(args);
    return Call.start(() -> host.applyFiltersBatch(options, hook, json, jsonArgs));
  }

  /**
   * See {@link Host#doAction(String, Object...)}.
   *
   * @throws IllegalArgumentException when an argument has no JSON form
   */
  public CompletableFuture<ActionResult> doAction(String hook, Object... args) {
    return doAction(CallOptions.DEFAULT, hook, args);
  }

  /**
   * See {@link Host#doAction(CallOptions, String, Object...)}.
   *
   * @throws IllegalArgumentException when an argument has no JSON form
   */
  public CompletableFuture<ActionResult> doAction(
      CallOptions options, String hook, Object... args) {
    Object[] jsonArgs = json(args);
    return Call.start(() -> host.doAction(options, hook, jsonArgs));
  }

  /** See {@link Host#serve(String, PluginRequest, String)}. */
  public CompletableFuture<RouteOutcome> serve(
      String plugin, PluginRequest request, String client) {
    return Call.start(() -> host.serve(plugin, request, client));
  }

  private static Object[] json(Object[] args) {
    return Arrays.stream(args).map(StrictJson::valueOf).toArray();
  }

  /** A call that runs. Its thread is interrupted only while it is in the call. */
  private static final class Call<T> extends CompletableFuture<T> {
    /** Null before the call and after it. */
    private final AtomicReference<@Nullable Thread> caller = new AtomicReference<>();

    static <T> Call<T> start(Callable<T> work) {
      Call<T> call = new Call<>();
      var _ = Thread.ofVirtual().name("gonext-async").start(() -> call.run(work));
      return call;
    }

    private void run(Callable<T> work) {
      caller.set(Thread.currentThread());
      if (isDone()) {
        return; // cancelled before it began
      }
      try {
        T result = work.call();
        caller.set(null);
        complete(result);
      } catch (Throwable e) {
        caller.set(null);
        completeExceptionally(e);
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      Thread running = caller.getAndSet(null);
      if (running != null) {
        running.interrupt();
      }
      return cancelled;
    }
  }
}
