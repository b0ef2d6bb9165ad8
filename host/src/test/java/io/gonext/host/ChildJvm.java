package io.gonext.host;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process of its own with the classes of this one, to be killed. */
public final class ChildJvm {
  private ChildJvm() {}

  /** Starts a main class; its errors go where its output goes. It starts fast, and runs slower. */
  public static Process start(String mainClass, String... arguments) throws IOException {
    return start(List.of(), mainClass, arguments);
  }

  /** As {@link #start(String, String...)}, with further options of the JVM. */
  static Process start(List<String> options, String mainClass, String... arguments)
      throws IOException {
    return start(options, System.getProperty("java.class.path"), mainClass, arguments);
  }

  /** As {@link #start(String, String...)}, with a jar whose classes are found before all others. */
  public static Process withFirst(Path jar, String mainClass, String... arguments)
      throws IOException {
    return start(
        List.of(),
        jar + File.pathSeparator + System.getProperty("java.class.path"),
        mainClass,
        arguments);
  }

  private static Process start(
      List<String> options, String classPath, String mainClass, String[] arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classPath, mainClass));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
