package io.gonext.engine;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.management.JMException;
import javax.management.ObjectName;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedClassLoader;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingStream;
import org.jspecify.annotations.Nullable;

/**
 * Looks again and again at what the threads of this process run, with the JDK's Flight Recorder,
 * and keeps the stacks that have guest code. It sees threads that compute, not those that wait.
 *
 * <p>A compiled function is a method, or some; a sample is of the method, and of the last place in
 * it that can trap or call. Samples are few: those of a short run say little.
 *
 * <p>Safe for any number of threads. Several samplers may run at once; the shortest period counts
 * for all.
 */
public final class GuestSampler implements AutoCloseable {
  /** The frames of a stack that are known, if no recording of the process began before. */
  private static final int STACK_FRAMES = 512;

  /** More different stacks only count as others. */
  private static final int MOST_STACKS = 50_000;

  private static final String EVENT = "jdk.ExecutionSample";

  private final RecordingStream stream;

  /** How often each stack was seen. Guarded by itself, as is the next field. */
  private final Map<Seen, Long> seen = new HashMap<>();

  private long others;

  /** One method. */
  private record Method(String loader, String type, String name, int line) {
    StackTraceElement element() {
      return new StackTraceElement(type, name, null, line);
    }
  }

  /** The methods of guests in a stack, innermost first. */
  private record Seen(List<Method> methods, boolean isCut) {}

  private GuestSampler(RecordingStream stream) {
    this.stream = stream;
  }

  /**
   * Begins.
   *
   * @param every the time between two looks at a thread, at least a millisecond; the JVM's default
   *     is 20 ms
   * @throws IllegalStateException when this JVM has no Flight Recorder, or it cannot write its
   *     files
   */
  public static GuestSampler start(Duration every) {
    allowDeepStacks();
    try {
      var stream = new RecordingStream();
      var sampler = new GuestSampler(stream);
      stream.setOrdered(false);
      stream.enable(EVENT).withPeriod(every);
      stream.onEvent(EVENT, sampler::add);
      stream.startAsync();
      return sampler;
    } catch (IllegalStateException | SecurityException | InternalError e) {
      throw new IllegalStateException("the Flight Recorder of this JVM does not start: " + e, e);
    }
  }

  /** Has no effect once a recording has begun in this process; then stacks have 64 frames. */
  private static void allowDeepStacks() {
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "jfrConfigure",
              new Object[] {new String[] {"stackdepth=" + STACK_FRAMES}},
              new String[] {String[].class.getName()});
    } catch (JMException | RuntimeException notHere) {
      // Deep stacks are cut then, and say so.
      return;
    }
  }

  private void add(RecordedEvent event) {
    RecordedStackTrace trace = event.getStackTrace();
    List<Method> methods = new ArrayList<>();
    boolean hasBase = false;
    if (trace != null) {
      for (RecordedFrame frame : trace.getFrames()) {
        Method method = guestMethod(frame);
        if (method != null) {
          methods.add(method);
          hasBase = false;
        } else {
          hasBase = true;
        }
      }
    }
    synchronized (seen) {
      // Below the outermost guest function there is always the host, unless the stack is cut.
      boolean isCut = trace != null && trace.isTruncated() && !hasBase;
      var stack = new Seen(methods, isCut);
      if (methods.isEmpty() || (seen.size() == MOST_STACKS && !seen.containsKey(stack))) {
        others++;
      } else {
        seen.merge(stack, 1L, Long::sum);
      }
    }
  }

  private static @Nullable Method guestMethod(RecordedFrame frame) {
    if (!frame.isJavaFrame()) {
      return null;
    }
    RecordedClass type = frame.getMethod().getType();
    if (!type.getName().startsWith(ModuleCompiler.CLASS_NAME)) {
      return null;
    }
    RecordedClassLoader loader = type.getClassLoader();
    return loader == null || loader.getName() == null
        ? null
        : new Method(
            loader.getName(), type.getName(), frame.getMethod().getName(), frame.getLineNumber());
  }

  /** Ends the sampling; waits until all samples are counted. A second stop does nothing. */
  public void stop() {
    stream.stop();
  }

  /**
   * What was seen of a module until now. Samples come up to a second late, until the sampler is
   * stopped.
   */
  public GuestSamples of(CompiledModule module) {
    Map<Seen, Long> copy;
    long rest;
    synchronized (seen) {
      copy = Map.copyOf(seen);
      rest = others;
    }
    record Key(List<GuestFrame> frames, boolean isCut) {}
    var stacks = new HashMap<Key, Long>();
    for (var each : copy.entrySet()) {
      StackTraceElement[] own =
          each.getKey().methods.stream()
              .filter(method -> method.loader.equals(module.loader()))
              .map(Method::element)
              .toArray(StackTraceElement[]::new);
      List<GuestFrame> frames = module.frames(own);
      if (frames.isEmpty()) {
        rest += each.getValue();
      } else {
        stacks.merge(new Key(frames, each.getKey().isCut), each.getValue(), Long::sum);
      }
    }
    return new GuestSamples(
        stacks.entrySet().stream()
            .map(entry ->
                new GuestSamples.Stack(
                    entry.getKey().frames, entry.getKey().isCut, entry.getValue()))
            .sorted(
                Comparator.comparingLong(GuestSamples.Stack::samples)
                    .reversed()
                    .thenComparing(stack -> stack.frames().toString()))
            .toList(),
        rest);
  }

  @Override
  public void close() {
    stream.close();
  }
}
