package io.gonext.dist;

import io.gonext.dist.Entry.Data;
import io.gonext.dist.Entry.Folder;
import io.gonext.dist.Entry.Link;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;

/** Writes a tree as an archive: the same bytes for the same tree and time. */
final class Archives {
  private Archives() {}

  static void tarGz(Tree tree, Path file, Instant time) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        TarArchiveOutputStream tar =
            new TarArchiveOutputStream(
                new GzipCompressorOutputStream(out), StandardCharsets.UTF_8.name())) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (Entry entry : tree.entries()) {
        TarArchiveEntry header = tarEntry(entry, "");
        header.setModTime(FileTime.from(time));
        tar.putArchiveEntry(header);
        if (entry instanceof Data data) {
          Files.copy(data.content(), tar);
        }
        tar.closeArchiveEntry();
      }
    }
  }

  private static TarArchiveEntry tarEntry(Entry entry, String prefix) throws IOException {
    TarArchiveEntry header;
    switch (entry) {
      case Folder folder -> {
        header = new TarArchiveEntry(prefix + folder.path() + "/");
        header.setMode((TarArchiveEntry.DEFAULT_DIR_MODE & ~0777) | folder.mode());
      }
      case Data data -> {
        header = new TarArchiveEntry(prefix + data.path());
        header.setMode((TarArchiveEntry.DEFAULT_FILE_MODE & ~0777) | data.mode());
        header.setSize(Files.size(data.content()));
      }
      case Link link -> {
        header = new TarArchiveEntry(prefix + link.path(), TarArchiveEntry.LF_SYMLINK);
        header.setLinkName(link.target());
      }
    }
    header.setUserName("root");
    header.setGroupName("root");
    return header;
  }

  static void zip(Tree tree, Path file, Instant time) throws IOException {
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(file)) {
      for (Entry entry : tree.entries()) {
        ZipArchiveEntry header =
            new ZipArchiveEntry(entry.path() + (entry instanceof Folder ? "/" : ""));
        header.setTime(time.toEpochMilli());
        header.setUnixMode(
            switch (entry) {
              case Folder folder -> UnixStat.DIR_FLAG | folder.mode();
              case Data data -> UnixStat.FILE_FLAG | data.mode();
              case Link ignored -> UnixStat.LINK_FLAG | 0777;
            });
        zip.putArchiveEntry(header);
        switch (entry) {
          case Folder ignored -> {}
          case Data data -> Files.copy(data.content(), zip);
          case Link link -> zip.write(link.target().getBytes(StandardCharsets.UTF_8));
        }
        zip.closeArchiveEntry();
      }
    }
  }
}
