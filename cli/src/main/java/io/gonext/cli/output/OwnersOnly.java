package io.gonext.cli.output;

import io.gonext.host.internal.store.SecretFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Optional;

/** Whether a file with secrets can be used by its owner alone. */
public final class OwnersOnly {
  private OwnersOnly() {}

  /**
   * What is wrong with the permissions of a file, and how to mend it; empty if nothing is, if root
   * has put it there for this process, or if the file system has no such permissions.
   */
  public static Optional<String> problem(Path file) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    return view != null
            && view.readAttributes().permissions().stream()
                .anyMatch(permission -> !permission.name().startsWith("OWNER_"))
            && !SecretFile.isGiven(file)
        ? Optional.of(file + " can be read by others: run chmod 600 " + file)
        : Optional.empty();
  }

  /**
   * Refuses a file that others can read.
   *
   * @throws CommandFailure that says how to mend it
   */
  public static void require(Path file) throws IOException {
    problem(file)
        .ifPresent(problem -> {
          throw new CommandFailure(CommandFailure.Kind.FAILED, problem);
        });
  }
}
