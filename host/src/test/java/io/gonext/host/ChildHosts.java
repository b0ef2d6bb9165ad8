package io.gonext.host;

import io.gonext.guests.ChildJvm;
import io.gonext.host.internal.store.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

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
    try {
      String directory =
          Files.createTempDirectory(Path.of("target").toAbsolutePath(), "training").toString();
      try {
        return ChildJvm.trained(
            TrainingHost.class.getName(), directory, TestPostgres.createDatabase());
      } catch (TestAbortedException noServer) {
        return ChildJvm.trained(TrainingHost.class.getName(), directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
