package io.gonext.cli.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a file system reports changes of its files. */
public final class FileEvents {
  /** File systems that report no changes, or only those made on this machine. */
  private static final Set<String> SILENT =
      Set.of(
          "9p", "v9fs", "drvfs", "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs",
          "prl_fs", "afpfs");

  private FileEvents() {}

  /** Why a directory has to be polled, or null when its file system reports changes. */
  public static @Nullable String whyNone(Path directory) throws IOException {
    if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("mac")) {
      return "Java's file events are slower than polling on macOS";
    }
    return whyNone(Files.getFileStore(directory).type());
  }

  /** The same for a type of file system, as {@link java.nio.file.FileStore#type} names it. */
  static @Nullable String whyNone(String type) {
    return SILENT.contains(type) || type.startsWith("fuse")
        ? "the file system " + type + " sends no events"
        : null;
  }
}
