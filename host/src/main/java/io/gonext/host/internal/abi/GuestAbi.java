package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.AbiViolationException;
import io.gonext.engine.FunctionExport;
import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestCall;
import io.gonext.engine.GuestFunction;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.GuestWork;
import io.gonext.engine.ModuleInterface;
import io.gonext.engine.RunLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The host's side of guest ABI v1: what a module must export, and how a hook is called. A whole
 * call (allocations, the hook itself, giving the blocks back) runs under one deadline. Each failure
 * in it is a {@link GuestTrap}, after which the instance is unusable.
 *
 * <p>Stateless. The instance belongs to the calling thread.
 */
public final class GuestAbi {
  /** Longest hook name, in bytes of UTF-8. */
  public static final int MAX_HOOK_NAME_BYTES = 256;

  /** Largest payload handed to a guest, in bytes. */
  public static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

  /** Largest payload of a route: a body of 1 MiB in base64, and 64 KiB for everything else. */
  public static final int MAX_ROUTE_PAYLOAD_BYTES = 4 * ((1024 * 1024 + 2) / 3) + 64 * 1024;

  /** Largest result taken from a guest, in bytes. */
  public static final int MAX_RESULT_BYTES = 1024 * 1024;

  private static final String MEMORY = "memory";
  private static final String ALLOC = "gn_alloc";
  private static final String FREE = "gn_free";
  private static final String HANDLE_HOOK = "gn_handle_hook";
  private static final String HANDLE_JOB = "gn_handle_job";

  private static final FunctionType HANDLER_TYPE =
      new FunctionType(List.of(I32, I32, I32, I32), List.of(I64));

  /** The functions that a guest may or must export. */
  static final List<Expected> EXPORTS =
      List.of(
          new Expected(ALLOC, new FunctionType(List.of(I32), List.of(I32)), true),
          new Expected(FREE, new FunctionType(List.of(I32, I32), List.of()), true),
          new Expected(HANDLE_HOOK, HANDLER_TYPE, true),
          new Expected(HANDLE_JOB, HANDLER_TYPE, false),
          new Expected("on_activate", new FunctionType(List.of(), List.of(I32)), false),
          new Expected("on_deactivate", new FunctionType(List.of(), List.of(I32)), false),
          new Expected("_initialize", new FunctionType(List.of(), List.of()), false),
          new Expected("_start", new FunctionType(List.of(), List.of()), false));

  /** A function of the ABI on the guest's side. */
  record Expected(String name, FunctionType type, boolean required) {}

  private GuestAbi() {}

  /** What works in a module, but probably not as its author thinks, a sentence each. */
  public static List<String> warnings(ModuleInterface module) {
    Set<String> constructing = module.constructingExports();
    List<String> called =
        Stream.of(ALLOC, FREE, HANDLE_HOOK, HANDLE_JOB).filter(constructing::contains).toList();
    if (called.isEmpty()) {
      return List.of();
    }
    return List.of(
        "each call of "
            + String.join(", ", called)
            + " runs the module's constructors again (__wasm_call_ctors), several times in one hook"
            + " call: link it as a reactor (clang: -mexec-model=reactor), or export a function"
            + " _initialize that calls __wasm_call_ctors, and the host runs them once");
  }

  /**
   * What is wrong with a module's exports, a sentence each; empty if they are right.
   *
   * @param jobs whether its manifest has jobs: then it must export the function for jobs
   * @param jobsAlone whether it has {@linkplain io.gonext.host.manifest.Manifest#hasJobsAlone
   *     nothing else}: then it need not export the function for hooks
   */
  public static List<String> exportProblems(
      ModuleInterface module, boolean jobs, boolean jobsAlone) {
    List<String> problems = new ArrayList<>();
    if (!module.exportsMemory(MEMORY)) {
      problems.add("it exports no memory named \"" + MEMORY + "\"");
    }
    for (Expected expected : EXPORTS) {
      FunctionExport found = module.exports().get(expected.name());
      if (found == null) {
        boolean handlesHooks = expected.name().equals(HANDLE_HOOK);
        boolean runsJobs = expected.name().equals(HANDLE_JOB);
        if (runsJobs ? jobs : expected.required() && !(handlesHooks && jobsAlone)) {
          problems.add("it does not export " + expected.name() + " " + expected.type());
        }
      } else if (!found.type().equals(expected.type())) {
        problems.add(
            "it exports "
                + expected.name()
                + " as "
                + found.type()
                + ", the ABI says "
                + expected.type());
      } else if (found.aliasesImport()) {
        problems.add("it exports an imported function as " + expected.name());
      }
    }
    return problems;
  }

  /** Whether a guest handles hooks. A guest that only runs jobs need not. */
  public static boolean handlesHooks(ModuleInterface module) {
    return module.exports().containsKey(HANDLE_HOOK);
  }

  /**
   * Runs one hook in an instance.
   *
   * @param hook UTF-8, at most {@link #MAX_HOOK_NAME_BYTES}
   * @param payload JSON in UTF-8, at most {@link #MAX_ROUTE_PAYLOAD_BYTES}; the caller limits hooks
   *     that are not routes to {@link #MAX_PAYLOAD_BYTES}
   * @throws GuestTrap when the guest trapped, ran out of time or broke the ABI
   * @throws IllegalArgumentException when name or payload is too long; the guest was not touched
   */
  public static HookReply callHook(
      GuestInstance instance, byte[] hook, byte[] payload, Duration limit) {
    return instance.run(limit, handlerCall(instance, HANDLE_HOOK, hook, payload));
  }

  /** As above, with limits for what the guest computes and for what it waits. */
  public static HookReply callHook(
      GuestInstance instance, byte[] hook, byte[] payload, RunLimits limits) {
    return instance.run(limits, handlerCall(instance, HANDLE_HOOK, hook, payload));
  }

  /** As {@link #callHook}, for a job. The module must export the function for jobs. */
  public static HookReply callJob(
      GuestInstance instance, byte[] job, byte[] payload, RunLimits limits) {
    return instance.run(limits, handlerCall(instance, HANDLE_JOB, job, payload));
  }

  private static GuestWork<HookReply> handlerCall(
      GuestInstance instance, String export, byte[] hook, byte[] payload) {
    if (hook.length > MAX_HOOK_NAME_BYTES || payload.length > MAX_ROUTE_PAYLOAD_BYTES) {
      throw new IllegalArgumentException("hook name or payload too long");
    }
    GuestFunction handle = instance.function(export);
    GuestFunction alloc = instance.function(ALLOC);
    GuestFunction free = instance.function(FREE);
    return call -> {
      call.nameTask(hook);
      long name = write(call, alloc, hook);
      long body = write(call, alloc, payload);
      if (overlap(name, hook.length, body, payload.length)) {
        throw new AbiViolationException(ALLOC + " handed out overlapping blocks");
      }
      long packed = call.call(handle, name, hook.length, body, payload.length);
      HookReply reply = read(call, free, packed);
      call.callWithoutHost(free, body, payload.length);
      call.callWithoutHost(free, name, hook.length);
      return reply;
    };
  }

  /**
   * Calls {@code on_activate} or {@code on_deactivate}, if the module has it.
   *
   * @return 0 if the guest agrees or does not have the function
   */
  public static int callLifecycle(GuestInstance instance, String export, RunLimits limits) {
    if (!instance.hasFunction(export)) {
      return 0;
    }
    GuestFunction function = instance.function(export);
    byte[] task = export.getBytes(StandardCharsets.UTF_8);
    return (int)
        (long)
            instance.run(
                limits,
                call -> {
                  call.nameTask(task);
                  return call.call(function);
                });
  }

  private static long write(GuestCall call, GuestFunction alloc, byte[] bytes) {
    long pointer = call.callWithoutHost(alloc, bytes.length) & 0xffff_ffffL;
    if (pointer == 0) {
      throw new AbiViolationException(ALLOC + " has no block of " + bytes.length + " bytes");
    }
    call.memory().write(pointer, bytes);
    return pointer;
  }

  private static boolean overlap(long a, int aLength, long b, int bLength) {
    return a < b + bLength && b < a + aLength;
  }

  private static HookReply read(GuestCall call, GuestFunction free, long packed) {
    long pointer = packed >>> 32;
    int length = (int) packed;
    if (pointer == 0) {
      if (length > 0) {
        throw new AbiViolationException("the result has a length but no pointer");
      }
      return length == 0 ? new HookReply.Done() : new HookReply.Failed(length);
    }
    long unsignedLength = Integer.toUnsignedLong(length);
    if (unsignedLength > MAX_RESULT_BYTES) {
      throw new AbiViolationException(
          "the result is " + unsignedLength + " bytes long, the most is " + MAX_RESULT_BYTES);
    }
    byte[] body = call.memory().read(pointer, length);
    call.callWithoutHost(free, pointer, length);
    return new HookReply.Body(body);
  }
}
