package io.gonext.host.internal.service.http;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes of all bodies that HTTP requests of plugins hold at this moment. Thread-safe. */
final class BodyMemory {
  private static final long MAX_BYTES = 64L * 1024 * 1024;

  private final long maxBytes;
  private final AtomicLong used = new AtomicLong();

  BodyMemory(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** 64 MiB, or an eighth of a smaller heap. */
  static BodyMemory ofHeap(long heapBytes) {
    return new BodyMemory(Math.min(MAX_BYTES, heapBytes / 8));
  }

  long used() {
    return used.get();
  }

  /** The share of one request. */
  Share share() {
    return new Share();
  }

  /** What one request holds, until it is closed. For one thread at a time. */
  final class Share implements AutoCloseable {
    private long held;

    /**
     * Takes bytes before they are read.
     *
     * @throws FetchException if the host holds too many
     */
    void take(int bytes) throws FetchException {
      if (used.addAndGet(bytes) > maxBytes) {
        used.addAndGet(-bytes);
        throw new FetchException(
            FetchOutcome.LIMITED,
            "the HTTP requests of all plugins hold "
                + maxBytes / (1024 * 1024)
                + " MiB of bodies, which is the most: try again later");
      }
      held += bytes;
    }

    @Override
    public void close() {
      used.addAndGet(-held);
      held = 0;
    }
  }
}
