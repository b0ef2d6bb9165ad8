package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * The cost of compiling a module. Admission counts it while it reads the module, and refuses the
 * module as soon as the cost exceeds a limit. The numbers are estimates, and rather too high than
 * too low: see {@link FunctionCost}.
 */
final class CompileCost {
  /** Classes of Endive that every compiled module contains. */
  private static final long BASE_HELD_BYTES = 4 << 20;

  private static final int SEGMENT_BYTES = 320;
  private static final int ELEMENT_BYTES = 130;
  private static final int GLOBAL_BYTES = 200;
  private static final int TYPE_BYTES = 2_000;

  /** A function's two methods and their names, in its own class and in its callers' classes. */
  private static final int METHOD_BYTES = 1_100;

  /**
   * The method for indirect calls refers to each function of its type. Metaspace takes twice this.
   */
  private static final int CANDIDATE_BYTES = 120;

  private static final int CANDIDATE_STEPS = 1_000;

  private static final int CLASS_BYTES = 6_000;

  /** Endive's compiler starts with this many functions in a class. */
  private static final int MOST_FUNCTIONS_PER_CLASS = 12 * 1024;

  /** A class has at most 65,535 constants, and needs some of them for itself. */
  private static final int MOST_CONSTANTS = 65_000;

  /**
   * The compiler compares each type with each function's type. A comparison costs this many steps.
   */
  private static final int COMPARISON_STEPS = 10;

  private final EngineLimits limits;
  private final IntFunction<FunctionLabel> labels;

  private long heldBytes = BASE_HELD_BYTES;
  private long passingBytes;
  private long classBytes;
  private long steps;
  private int heaviest = -1;
  private long heaviestBytes;
  private long heaviestSteps;
  private int slowest = -1;

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
  }

  private void held(long bytes) {
    heldBytes += bytes;
    checkHeap();
  }

  /**
   * The cost of each pair of a type and a function: for each type, the compiler makes a method that
   * refers to all functions of that type.
   *
   * @param imports how many functions are imported; the compiler looks up their types one by one
   */
  void declared(List<FunctionType> types, int imports, List<FunctionType> functions) {
    Map<FunctionType, Long> ofType = new HashMap<>();
    functions.forEach(type -> ofType.merge(type, 1L, Long::sum));
    long candidates = types.stream().mapToLong(type -> ofType.getOrDefault(type, 0L)).sum();
    steps += (long) types.size() * functions.size() * COMPARISON_STEPS;
    steps += (long) types.size() * imports * imports;
    steps += candidates * CANDIDATE_STEPS;
    checkSteps();
    classBytes += types.size() * 300L + functions.size() * (long) METHOD_BYTES;
    classBytes += candidates * CANDIDATE_BYTES;
    checkClasses();
    held(types.size() * (long) TYPE_BYTES + candidates * CANDIDATE_BYTES);
  }

  void function(int index, FunctionCost cost) {
    heldBytes += cost.heldBytes();
    passingBytes = Math.max(passingBytes, cost.passingBytes());
    if (cost.heldBytes() + cost.passingBytes() > heaviestBytes) {
      heaviest = index;
      heaviestBytes = cost.heldBytes() + cost.passingBytes();
    }
    checkHeap();
    classBytes += cost.codeBytes();
    checkClasses();
    steps += cost.work();
    if (cost.work() > heaviestSteps) {
      slowest = index;
      heaviestSteps = cost.work();
    }
    checkSteps();
  }

  /**
   * The compiler puts the same number of functions into each class. It halves this number until
   * every class's constants fit.
   *
   * @param constants the number of constants of each function, in order
   */
  void constants(int[] constants) {
    int perClass = MOST_FUNCTIONS_PER_CLASS;
    while (perClass > 1 && largestClass(constants, perClass) > MOST_CONSTANTS) {
      perClass /= 2;
      steps += constants.length * 50L;
    }
    classBytes += (long) (constants.length / perClass + 1) * CLASS_BYTES;
    checkClasses();
    checkSteps();
  }

  private static long largestClass(int[] constants, int perClass) {
    long largest = 0;
    long sum = 0;
    for (int i = 0; i < constants.length; i++) {
      sum = i % perClass == 0 ? constants[i] : sum + constants[i];
      largest = Math.max(largest, sum);
    }
    return largest;
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
          "compiling it takes more than " + limits.compileMb() + " MB of heap" + most(heaviest),
          "compileMb");
    }
  }

  private void checkClasses() {
    if (classBytes > (long) limits.classMb() << 20) {
      throw refuse(
          "its classes become larger than " + limits.classMb() + " MB" + most(heaviest), "classMb");
    }
  }

  private void checkSteps() {
    if (steps > limits.compileSteps()) {
      throw refuse(
          "compiling it takes more than " + limits.compileSteps() + " steps" + most(slowest),
          "compileSteps");
    }
  }

  private String most(int function) {
    return function < 0 ? "" : "; function " + labels.apply(function) + " takes the most";
  }

  private static ModuleRejectedException refuse(String message, String limit) {
    return new ModuleRejectedException(TOO_LARGE, 0, message + EngineLimits.raise(limit));
  }
}
