package io.gonext.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs of this module, each in a JVM of its own. */
final class JavaProgram {
  private JavaProgram() {}

  /** The beginning of a command line, to which the program's arguments may be added. */
  static List<String> command(List<String> jvmArgs, Class<?> program) {
    return command(jvmArgs, program, System.getProperty("java.class.path"));
  }

  /** The same with the classes of another build of this module. */
  static List<String> command(List<String> jvmArgs, Class<?> program, String classPath) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(Jmh.JVM_ARGS);
    words.addAll(jvmArgs);
    words.addAll(List.of("-cp", classPath, program.getName()));
    return words;
  }
}
