package io.gonext.host;

import io.gonext.guests.ChildJvm;
import io.gonext.host.internal.store.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processes with a host or a store, to be killed. The tests start about a hundred of them. */
public final class ChildHosts {
  private static final ChildJvm JVM = trained();

  private ChildHosts() {}

  /** Starts a main class; its errors go where its output goes. It starts fast, and runs slower. */
  public static Process start(String mainClass, String... arguments) throws IOException {
    return JVM.start(mainClass, arguments);
  }

  static ProcessBuilder builder(String mainClass, String... arguments) {
    return JVM.builder(List.of(), mainClass, arguments);
  }

  private static ChildJvm trained() {
    List<String> arguments = new ArrayList<>();
    try {
      Path target = Path.of("target").toAbsolutePath();
      arguments.add(Files.createTempDirectory(target, "training").toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    TestPostgres.createDatabaseIfPossible().ifPresent(arguments::add);
    return ChildJvm.trained(TrainingHost.class.getName(), arguments.toArray(String[]::new));
  }
}
