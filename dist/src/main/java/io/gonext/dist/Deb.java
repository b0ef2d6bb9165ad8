package io.gonext.dist;

import io.gonext.dist.Entry.Data;
import io.gonext.dist.Entry.Folder;
import io.gonext.dist.Entry.Link;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.vafer.jdeb.Console;
import org.vafer.jdeb.DataConsumer;
import org.vafer.jdeb.DataProducer;
import org.vafer.jdeb.DebMaker;
import org.vafer.jdeb.PackagingException;
import org.vafer.jdeb.shaded.commons.compress.archivers.tar.TarArchiveEntry;

/** Writes a tree as a package of Debian, by jdeb. */
final class Deb {
  private Deb() {}

  /**
   * @param control a directory with the file {@code control}, scripts, and {@code conffiles}
   */
  static void write(Tree tree, Path control, Path file, Instant time) throws IOException {
    DataProducer all =
        consumer -> {
          for (Entry entry : tree.entries()) {
            pass(entry, consumer, time);
          }
        };
    DebMaker maker = new DebMaker(new Quiet(), List.of(all), List.of());
    maker.setDeb(file.toFile());
    maker.setControl(control.toFile());
    maker.setCompression("gzip");
    maker.setTarLongFileMode("posix");
    maker.setOutputTimestampMs(time.toEpochMilli());
    try {
      maker.makeDeb();
    } catch (PackagingException e) {
      throw new IOException("jdeb made no package", e);
    }
  }

  private static void pass(Entry entry, DataConsumer consumer, Instant time) throws IOException {
    switch (entry) {
      case Folder folder ->
          consumer.onEachDir(header("./" + folder.path() + "/", folder.mode(), time));
      case Data data -> {
        TarArchiveEntry header = header("./" + data.path(), data.mode(), time);
        header.setSize(Files.size(data.content()));
        try (InputStream content = Files.newInputStream(data.content())) {
          consumer.onEachFile(content, header);
        }
      }
      case Link link -> {
        TarArchiveEntry header =
            new TarArchiveEntry("./" + link.path(), TarArchiveEntry.LF_SYMLINK);
        header.setLinkName(link.target());
        consumer.onEachLink(owned(header, time));
      }
    }
  }

  private static TarArchiveEntry header(String path, int mode, Instant time) {
    TarArchiveEntry header = new TarArchiveEntry(path, true);
    header.setMode(mode);
    return owned(header, time);
  }

  private static TarArchiveEntry owned(TarArchiveEntry header, Instant time) {
    header.setUserName("root");
    header.setGroupName("root");
    header.setIds(0, 0);
    header.setModTime(time.toEpochMilli());
    return header;
  }

  private static final class Quiet implements Console {
    @Override
    public void debug(String message) {}

    @Override
    public void info(String message) {}

    @Override
    public void warn(String message) {
      System.err.println("jdeb: " + message);
    }
  }
}
