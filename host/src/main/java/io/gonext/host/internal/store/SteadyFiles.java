package io.gonext.host.internal.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/**
 * A file system of H2 for the embedded store: files as H2's own, but an interrupt of a thread that
 * reads or writes does not close them. H2's own are {@link FileChannel}s of the JDK, which an
 * interrupt closes for all threads.
 *
 * <p>H2 has a file system {@code async:} with the same property. It hands each read and write to
 * another thread, and a file that H2 failed to open stays open and locked for ever, because the
 * JDK's garbage collector does not close asynchronous channels.
 *
 * <p>Public with a public constructor because H2 makes instances. Thread-safe.
 */
public final class SteadyFiles extends FilePathWrapper {
  private static final String SCHEME = "steady";

  /** Makes {@code jdbc:h2:steady:} known to H2. More than once is harmless. */
  static void register() {
    FilePath.register(new SteadyFiles());
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    String file = unwrap().toString();
    return new SteadyFile(file, new RandomAccessFile(file, mode));
  }

  /** One open file. Its methods that move the position of the file hold the lock of this. */
  private static final class SteadyFile extends FileBaseDefault {
    private final String name;
    private final RandomAccessFile file;

    SteadyFile(String name, RandomAccessFile file) {
      this.name = name;
      this.file = file;
    }

    @Override
    public synchronized int read(ByteBuffer target, long position) throws IOException {
      file.seek(position);
      int length = target.remaining();
      if (target.hasArray()) {
        int read = file.read(target.array(), target.arrayOffset() + target.position(), length);
        target.position(target.position() + Math.max(0, read));
        return read;
      }
      byte[] bytes = new byte[length];
      int read = file.read(bytes);
      target.put(bytes, 0, Math.max(0, read));
      return read;
    }

    @Override
    public synchronized int write(ByteBuffer source, long position) throws IOException {
      file.seek(position);
      int length = source.remaining();
      if (source.hasArray()) {
        file.write(source.array(), source.arrayOffset() + source.position(), length);
        source.position(source.limit());
      } else {
        byte[] bytes = new byte[length];
        source.get(bytes);
        file.write(bytes);
      }
      return length;
    }

    @Override
    public synchronized long size() throws IOException {
      return file.length();
    }

    @Override
    protected synchronized void implTruncate(long size) throws IOException {
      if (size < file.length()) {
        file.setLength(size);
      }
    }

    @Override
    public void force(boolean metaData) throws IOException {
      file.getFD().sync();
    }

    /** The JDK's lock of a file does not look at interrupts. */
    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return file.getChannel().tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      file.close();
    }

    @Override
    public String toString() {
      return SCHEME + ":" + name;
    }
  }
}
