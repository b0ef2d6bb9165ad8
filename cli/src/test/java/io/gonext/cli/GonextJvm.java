package io.gonext.cli;

import io.gonext.guests.ChildJvm;
import java.util.List;

/** The command as a process of its own. */
public final class GonextJvm {
  private static final ChildJvm JVM =
      ChildJvm.trained(Main.class.getName(), "demo", "--once", "--port", "0");

  private GonextJvm() {}

  /** The words that start it, with options for the JVM. */
  public static List<String> command(List<String> options, String... arguments) {
    return JVM.command(options, Main.class.getName(), arguments);
  }

  public static ProcessBuilder builder(List<String> options, String... arguments) {
    return new ProcessBuilder(command(options, arguments));
  }
}
