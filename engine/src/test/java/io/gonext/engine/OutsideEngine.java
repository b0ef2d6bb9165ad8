package io.gonext.engine;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * wasmi in a process of its own: {@code modules run}, whose source has the protocol. It runs one
 * module at a time. Used by one thread.
 */
final class OutsideEngine implements AutoCloseable {

  /** Answers the calls of a module's imported functions. */
  interface Host {
    long[] call(int function, long[] args);
  }

  /** A trap, by wasmi's name for it. */
  static final class Trap extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Trap(String name) {
      super(name);
    }
  }

  /** A module that wasmi does not admit, such as one with exceptions. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;

  /** Starts the process of the Rust program. */
  OutsideEngine(Path program) throws IOException {
    process = new ProcessBuilder(program.toString(), "run").redirectError(Redirect.INHERIT).start();
    in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
  }

  /** Makes the instance of a module, in place of the one before. */
  void instantiate(byte[] wasm, Host host) {
    try {
      out.write('M');
      send(wasm);
      results(host);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Calls an exported function. */
  long[] call(String name, long[] args, Host host) {
    try {
      out.write('C');
      send(name.getBytes(StandardCharsets.UTF_8));
      out.writeInt(args.length);
      send(args);
      return results(host);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The value of an exported global. */
  long global(String name) {
    try {
      out.write('G');
      send(name.getBytes(StandardCharsets.UTF_8));
      return results((_, _) -> new long[0])[0];
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The contents of the exported memory. */
  byte[] memory() {
    try {
      out.write('B');
      out.flush();
      return in.readNBytes(in.readInt());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void send(byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private void send(long[] values) throws IOException {
    for (long value : values) {
      out.writeLong(value);
    }
  }

  private long[] results(Host host) throws IOException {
    out.flush();
    while (true) {
      int kind = in.readUnsignedByte();
      switch (kind) {
        case 'R' -> {
          return values();
        }
        case 'X' ->
            throw new Refused(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
        case 'T' -> throw new Trap(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
        case 'H' -> {
          send(host.call(in.readInt(), values()));
          out.flush();
        }
        default -> throw new IllegalStateException("an answer of kind " + kind);
      }
    }
  }

  private long[] values() throws IOException {
    var values = new long[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readLong();
    }
    return values;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
