package io.gonext.host.internal.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import org.h2.store.fs.FileBaseDefault;
import org.jspecify.annotations.Nullable;

/**
 * An open file of H2. An interrupt of a thread that reads or writes does not close it, as it would
 * close a {@link FileChannel} of the JDK for all threads.
 *
 * <p>After a write that failed it takes no other. H2 2.4.240 that fails to write lets a thread that
 * waits for the same lock write once more. That write names the lost one as part of its state and
 * may use space which the last whole state needs.
 *
 * <p>Thread-safe. Methods that move the position of the file hold the lock of this.
 */
class SteadyFile extends FileBaseDefault {
  private final StoreFiles owner;
  private final String name;
  private final RandomAccessFile file;
  private volatile @Nullable IOException failure;

  /** Of the database's file; guarded by the lock of this. */
  private final @Nullable ChunkTrail trail;

  SteadyFile(StoreFiles owner, String name, RandomAccessFile file) {
    this.owner = owner;
    this.name = name;
    this.file = file;
    this.trail = owner.isDatabase(name) ? new ChunkTrail() : null;
  }

  @FunctionalInterface
  private interface Change {
    void make() throws IOException;
  }

  String name() {
    return name;
  }

  @Override
  public synchronized int read(ByteBuffer target, long position) throws IOException {
    file.seek(position);
    int length = target.remaining();
    if (target.hasArray()) {
      int start = target.arrayOffset() + target.position();
      int read = file.read(target.array(), start, length);
      if (trail != null && read > 0) {
        trail.read(target.array(), start, read, position);
      }
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
    int length = source.remaining();
    byte[] bytes = new byte[length];
    int offset = 0;
    if (source.hasArray()) {
      bytes = source.array();
      offset = source.arrayOffset() + source.position();
      source.position(source.limit());
    } else {
      source.get(bytes);
    }
    byte[] from = bytes;
    int start = offset;
    change(() -> putSafely(from, start, length, position));
    return length;
  }

  @Override
  public synchronized long size() throws IOException {
    return file.length();
  }

  @Override
  protected synchronized void implTruncate(long size) throws IOException {
    if (size < file.length()) {
      change(() -> cut(size));
    }
  }

  /** Without the lock, so that reads go on. */
  @Override
  public void force(boolean metaData) throws IOException {
    change(this::flush);
  }

  private void change(Change change) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    IOException earlier = failure;
    if (earlier != null) {
      throw new IOException("an earlier write failed: " + earlier.getMessage(), earlier);
    }
    try {
      if (owner.isAdmitting()) {
        flush();
      }
      change.make();
    } catch (IOException e) {
      failure = e;
      owner.failed(this, e);
      throw e;
    }
  }

  private void putSafely(byte[] bytes, int offset, int length, long position) throws IOException {
    if (trail == null) {
      put(bytes, offset, length, position);
      return;
    }
    byte[] header = position < file.length() ? trail.header(bytes, offset, length, position) : null;
    if (header != null) {
      put(header, 0, header.length, 0);
      trail.wrote(header, 0, header.length, 0);
    }
    put(bytes, offset, length, position);
    trail.wrote(bytes, offset, length, position);
  }

  /** Writes bytes at a position. When it fails, some of them may be written. */
  void put(byte[] bytes, int offset, int length, long position) throws IOException {
    file.seek(position);
    file.write(bytes, offset, length);
  }

  /** Makes the file shorter. */
  void cut(long size) throws IOException {
    file.setLength(size);
  }

  /** Makes what was written before survive the end of the machine. */
  void flush() throws IOException {
    file.getFD().sync();
  }

  /** The JDK's lock of a file does not look at interrupts. */
  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return file.getChannel().tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    owner.closed(this);
    file.close();
  }

  @Override
  public String toString() {
    return name;
  }
}
