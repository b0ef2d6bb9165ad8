package io.gonext.engine;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@link Precompiled#main} does. */
final class PrecompileCommand {
  private static final String USAGE =
      "usage: java -cp gonext-engine.jar:... io.gonext.engine.Precompiled [--fuel]"
          + " CLASSES_DIRECTORY MODULE.wasm...";

  private PrecompileCommand() {}

  /** Returns the exit code. */
  static int run(String[] args, PrintStream err) {
    List<String> left = new ArrayList<>(List.of(args));
    Metering metering = left.remove("--fuel") ? Metering.FUEL : Metering.NONE;
    if (left.size() < 2 || left.stream().anyMatch(each -> each.startsWith("-"))) {
      err.println(USAGE);
      return 2;
    }
    Path classes = Path.of(left.removeFirst());
    for (String file : left) {
      try {
        Precompiled.write(
            Files.readAllBytes(Path.of(file)), metering, EngineLimits.defaults(), classes);
      } catch (IOException e) {
        err.println(file + ": cannot be read or written: " + e);
        return 1;
      } catch (EngineException e) {
        err.println(file + ": " + e.getMessage());
        return 1;
      }
    }
    return 0;
  }
}
