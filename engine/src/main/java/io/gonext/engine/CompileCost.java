package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;

import java.util.List;
import java.util.function.IntFunction;

/**
 * The cost of compiling a module. Admission counts it while it reads the module, and refuses the
 * module as soon as the cost exceeds a limit. The numbers are estimates, and rather too high than
 * too low: see {@link FunctionCost}.
 */
final class CompileCost {
  private static final int SEGMENT_BYTES = 64;
  private static final int ELEMENT_BYTES = 40;
  private static final int GLOBAL_BYTES = 200;
  private static final int TYPE_BYTES = 500;

  /** A global's field and accessors. */
  private static final int GLOBAL_CLASS_BYTES = 60;

  /** A method that calls the function, and its name. */
  private static final int EXPORT_BYTES = 150;

  /** A case of the methods for indirect calls. */
  private static final int CANDIDATE_BYTES = 60;

  private static final int ARGUMENT_BYTES = 7;

  /** The classes are held as arrays, and once more while they are loaded. */
  private static final int CLASS_COPIES = 3;

  private final EngineLimits limits;
  private final IntFunction<FunctionLabel> labels;

  private long heldBytes;
  private long passingBytes;
  private long classBytes;
  private long steps;
  private int largest = -1;
  private long largestBytes;
  private int slowest = -1;
  private long slowestSteps;

  CompileCost(EngineLimits limits, IntFunction<FunctionLabel> labels) {
    this.limits = limits;
    this.labels = labels;
  }

  void segments(int count) {
    held((long) count * SEGMENT_BYTES);
  }

  void elements(int count) {
    held((long) count * ELEMENT_BYTES);
  }

  void globals(int count) {
    held((long) count * GLOBAL_BYTES);
    classes((long) count * GLOBAL_CLASS_BYTES);
  }

  /** Functions that are called from outside. */
  void exports(int count) {
    classes((long) count * EXPORT_BYTES);
  }

  private void held(long bytes) {
    heldBytes += bytes;
    checkHeap();
  }

  /** The module's types and the methods for indirect calls. */
  void declared(int types, int functions) {
    held((long) types * TYPE_BYTES);
    classes((long) functions * CANDIDATE_BYTES);
  }

  /** Methods that call any function after a tail call. */
  void tailCalls(List<FunctionType> types, int[] functionTypes) {
    for (int type : functionTypes) {
      classes(CANDIDATE_BYTES + (long) ARGUMENT_BYTES * types.get(type).parameters().size());
    }
  }

  private void classes(long bytes) {
    classBytes += bytes;
    heldBytes += CLASS_COPIES * bytes;
    if (classBytes > (long) limits.classMb() << 20) {
      throw refuse(
          "its classes become larger than " + limits.classMb() + " MB" + most(largest), "classMb");
    }
    checkHeap();
  }

  void function(int index, FunctionCost cost) {
    passingBytes = Math.max(passingBytes, cost.passingBytes());
    if (cost.classBytes() + cost.passingBytes() > largestBytes) {
      largest = index;
      largestBytes = cost.classBytes() + cost.passingBytes();
    }
    classes(cost.classBytes());
    steps += cost.steps();
    if (cost.steps() > slowestSteps) {
      slowest = index;
      slowestSteps = cost.steps();
    }
    if (steps > limits.compileSteps()) {
      throw refuse(
          "compiling it takes more than " + limits.compileSteps() + " steps" + most(slowest),
          "compileSteps");
    }
  }

  /** An estimate of the peak heap use in MiB, rounded up. */
  int heapMb() {
    return (int) (((heldBytes + passingBytes) >> 20) + 1);
  }

  long classBytes() {
    return classBytes;
  }

  long steps() {
    return steps;
  }

  private void checkHeap() {
    if (heldBytes + passingBytes > (long) limits.compileMb() << 20) {
      throw refuse(
          "compiling it takes more than " + limits.compileMb() + " MB of heap" + most(largest),
          "compileMb");
    }
  }

  private String most(int function) {
    return function < 0 ? "" : "; function " + labels.apply(function) + " takes the most";
  }

  private static ModuleRejectedException refuse(String message, String limit) {
    return new ModuleRejectedException(TOO_LARGE, 0, message + EngineLimits.raise(limit));
  }
}
