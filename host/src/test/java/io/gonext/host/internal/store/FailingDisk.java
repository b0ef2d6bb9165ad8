package io.gonext.host.internal.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A disk that becomes full, or loses its power, at a chosen write. The files are real. It knows
 * which writes a flush has made safe since.
 *
 * <p>Thread-safe.
 */
final class FailingDisk implements StoreFiles.Opening {
  /** What a full disk does to a write. */
  enum Fault {
    /** Each write fails, and writes nothing. */
    NOTHING_WRITTEN,
    /** Each write fails, and writes half of its bytes. */
    HALF_WRITTEN,
    /** As on a real disk: only writes that make the file longer fail, and fill what is left. */
    NO_GROWTH;
  }

  private static final int BLOCK = 4096;

  private int writesLeft = Integer.MAX_VALUE;
  private Fault fault = Fault.NOTHING_WRITTEN;
  private boolean full;
  private int openFiles;
  private Runnable beforeWrite = () -> {};

  /** The database's file as it is on the disk for certain; null where no test asks. */
  private byte @Nullable [] safe;

  /** What was written to it since, in order. */
  private final List<Write> unsafe = new ArrayList<>();

  /** Bytes at a position, or a new length where there are no bytes. */
  private record Write(long position, byte @Nullable [] bytes) {}

  /** From the write after so many others on, the disk is full. */
  synchronized void fillAfter(int writes, Fault fault) {
    this.writesLeft = writes;
    this.fault = fault;
  }

  synchronized void free() {
    writesLeft = Integer.MAX_VALUE;
    full = false;
  }

  synchronized boolean isFull() {
    return full;
  }

  synchronized int openFiles() {
    return openFiles;
  }

  private synchronized void opened(int more) {
    openFiles += more;
  }

  /** Runs before each write, with the lock of this. */
  synchronized void beforeWrite(Runnable task) {
    this.beforeWrite = task;
  }

  /** Begins to follow which bytes of a file, which has these now, are safe. */
  synchronized void follow(byte[] now) {
    safe = now.clone();
    unsafe.clear();
  }

  /** What a loss of power leaves now: of the blocks that are not safe any, old or new. */
  synchronized byte[] afterPowerCut(Random random) {
    byte[] file = safe == null ? new byte[0] : safe;
    for (Write write : unsafe) {
      if (write.bytes() == null) {
        file = random.nextBoolean() ? Arrays.copyOf(file, (int) write.position()) : file;
        continue;
      }
      for (int from = 0; from < write.bytes().length; from += BLOCK) {
        if (random.nextBoolean()) {
          int to = Math.min(write.bytes().length, from + BLOCK);
          file =
              written(file, write.position() + from, Arrays.copyOfRange(write.bytes(), from, to));
        }
      }
    }
    return file;
  }

  private static byte[] written(byte[] file, long position, byte[] bytes) {
    int at = (int) position;
    byte[] longer = file.length < at + bytes.length ? Arrays.copyOf(file, at + bytes.length) : file;
    System.arraycopy(bytes, 0, longer, at, bytes.length);
    return longer;
  }

  private synchronized void flushed() {
    byte[] file = safe;
    if (file == null) {
      return;
    }
    for (Write write : unsafe) {
      file =
          write.bytes() == null
              ? Arrays.copyOf(file, (int) write.position())
              : written(file, write.position(), write.bytes());
    }
    unsafe.clear();
    safe = file;
  }

  private synchronized void changed(Write write) {
    if (safe != null) {
      unsafe.add(write);
    }
  }

  /** Returns how many bytes of a write are written. */
  private synchronized int admit(long position, int length, long size) {
    beforeWrite.run();
    if (writesLeft == 0) {
      full = true;
    } else {
      writesLeft--;
    }
    if (!full) {
      return length;
    }
    return switch (fault) {
      case NOTHING_WRITTEN -> 0;
      case HALF_WRITTEN -> length / 2;
      case NO_GROWTH -> Math.clamp(size - position, 0, length);
    };
  }

  @Override
  public SteadyFile open(StoreFiles owner, String name, RandomAccessFile file) {
    opened(1);
    return new SteadyFile(owner, name, file) {
      @Override
      protected void implCloseChannel() throws IOException {
        opened(-1);
        super.implCloseChannel();
      }

      @Override
      void put(byte[] bytes, int offset, int length, long position) throws IOException {
        int written = admit(position, length, file.length());
        if (written > 0) {
          super.put(bytes, offset, written, position);
          changed(new Write(position, Arrays.copyOfRange(bytes, offset, offset + written)));
        }
        if (written < length) {
          throw new IOException("No space left on device");
        }
      }

      @Override
      void cut(long size) throws IOException {
        admit(0, 0, size);
        super.cut(size);
        changed(new Write(size, null));
      }

      @Override
      void flush() throws IOException {
        FailingDisk.this.flushed();
      }
    };
  }
}
