package io.gonext.guests;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Endless variations of some inputs, the same ones for the same seed: for tests of what reads
 * untrusted bytes. Guided by nothing; the fuzzer of the build's profile {@code fuzz} is guided by
 * coverage. Not thread-safe.
 */
public final class Mutations {
  private static final int MOST_CHANGES = 6;
  private static final int MOST_MOVED_BYTES = 64;

  /** Values at which readers go wrong. */
  private static final int[] EDGES = {0, 1, 0x7F, 0x80, 0xFF, 'E', '_', '"', '{', '['};

  private final List<byte[]> inputs;
  private final Random random;

  /** Variations of {@code inputs}, of which there is at least one. */
  public Mutations(List<byte[]> inputs, long seed) {
    this.inputs = List.copyOf(inputs);
    this.random = new Random(seed);
  }

  /** The next one. */
  public byte[] next() {
    byte[] bytes = pick().clone();
    for (int changes = 1 + random.nextInt(MOST_CHANGES); changes > 0; changes--) {
      bytes = change(bytes);
    }
    return bytes;
  }

  private byte[] pick() {
    return inputs.get(random.nextInt(inputs.size()));
  }

  private byte[] change(byte[] bytes) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(bytes.length);
    return switch (random.nextInt(6)) {
      case 0 -> with(bytes, at, (byte) (bytes[at] ^ 1 << random.nextInt(8)));
      case 1 -> with(bytes, at, (byte) EDGES[random.nextInt(EDGES.length)]);
      case 2 -> with(bytes, at, (byte) random.nextInt());
      case 3 -> Arrays.copyOf(bytes, at);
      case 4 -> spliced(bytes, at, new byte[0]);
      default -> spliced(bytes, at, part(pick()));
    };
  }

  private static byte[] with(byte[] bytes, int at, byte value) {
    bytes[at] = value;
    return bytes;
  }

  private byte[] part(byte[] bytes) {
    if (bytes.length == 0) {
      return bytes;
    }
    int from = random.nextInt(bytes.length);
    return Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + moved()));
  }

  /** With some bytes taken away there, and others put in their place. */
  private byte[] spliced(byte[] bytes, int at, byte[] inserted) {
    int to = Math.min(bytes.length, at + random.nextInt(moved()));
    return ByteBuffer.allocate(at + inserted.length + bytes.length - to)
        .put(bytes, 0, at)
        .put(inserted)
        .put(bytes, to, bytes.length - to)
        .array();
  }

  private int moved() {
    return 1 + random.nextInt(MOST_MOVED_BYTES);
  }
}
