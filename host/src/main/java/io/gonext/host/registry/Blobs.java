package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import io.gonext.host.manifest.FetchUrl;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Reads and writes the blobs of a repository, in memory. For one thread. */
final class Blobs {
  private static final int PART_BYTES = 64 * 1024;

  private final RegistryCalls calls;
  private final Retries retries;
  private final TransferListener listener;

  Blobs(RegistryCalls calls, Retries retries, TransferListener listener) {
    this.calls = calls;
    this.retries = retries;
    this.listener = listener;
  }

  /**
   * Reads a blob. Each part is digested as it arrives, and an attempt continues where the last one
   * was cut off.
   *
   * @param what it is called in messages
   * @param most the most bytes that it may have
   * @throws RegistryException when it is not what its descriptor says
   */
  byte[] read(Descriptor blob, String what, int most) throws InterruptedException {
    if (blob.size() > most) {
      throw unacceptable(
          "has a " + what + " of " + blob.size() + " bytes; " + most + " is the most");
    }
    Received received = new Received(blob, what);
    retries.repeat(
        calls.deadline(),
        calls.at().registry(),
        () -> {
          readOn(received);
          return received;
        });
    return received.verified();
  }

  private void readOn(Received received) throws Retries.PassingException, InterruptedException {
    int before = received.length;
    Map<String, String> headers = before == 0 ? Map.of() : Map.of("Range", "bytes=" + before + "-");
    FetchUrl url = calls.at().url("/blobs/" + received.blob.digest());
    try (HttpAnswer answer = calls.send(RegistryHttp.Call.of("GET", url, headers))) {
      switch (answer.status()) {
        case 200 -> received.restart();
        case 206 -> {
          if (!answer.header("Content-Range").orElse("").startsWith("bytes " + before + "-")) {
            received.restart();
            throw new Retries.PassingException(
                calls.at().registry()
                    + " sent another part of the "
                    + received.what
                    + " than was asked for");
          }
        }
        case 416 -> {
          received.restart();
          throw new Retries.PassingException(
              calls.at().registry() + " does not have the rest of the " + received.what);
        }
        default -> throw calls.refusal(answer, "the " + received.what + " of " + calls.at());
      }
      try {
        received.take(answer.body());
      } catch (IOException e) {
        Retries.PassingException lost = RegistryHttp.failure(answer.url(), e);
        throw new Retries.PassingException(
            String.valueOf(lost.getMessage()), Duration.ZERO, received.length > before);
      }
      if (received.length < received.blob.size()) {
        throw new Retries.PassingException(
            answer.url().origin() + " hung up before the " + received.what + " was complete",
            Duration.ZERO,
            received.length > before);
      }
    }
  }

  /** What has arrived of a blob. */
  private final class Received {
    private final Descriptor blob;
    private final String what;
    private final MessageDigest digest;
    private byte[] bytes = new byte[0];
    private int length;

    Received(Descriptor blob, String what) {
      this.blob = blob;
      this.what = what;
      this.digest = blob.digest().start();
    }

    void restart() {
      length = 0;
      digest.reset();
    }

    void take(InputStream in) throws IOException {
      byte[] part = new byte[PART_BYTES];
      for (int read = in.read(part); read >= 0; read = in.read(part)) {
        if (read > blob.size() - length) {
          throw unacceptable(
              "sends a " + what + " of more than " + blob.size() + " bytes, which it names");
        }
        if (read > bytes.length - length) {
          // Not as many as are announced: they may never come.
          bytes =
              Arrays.copyOf(
                  bytes, (int) Math.min(blob.size(), Math.max(length + read, 2L * bytes.length)));
        }
        System.arraycopy(part, 0, bytes, length, read);
        digest.update(part, 0, read);
        length += read;
        listener.moved(what, length, blob.size());
      }
    }

    byte[] verified() {
      if (!blob.digest().isResultOf(digest)) {
        throw unacceptable("sends a " + what + " that does not have the digest " + blob.digest());
      }
      return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    }
  }

  /**
   * Stores a blob, unless the registry has it.
   *
   * @param from another repository of the registry that may have it
   * @return the bytes that were sent
   */
  long write(Descriptor blob, byte[] bytes, String what, Optional<Endpoint> from)
      throws InterruptedException {
    return write(blob, () -> bytes, what, from);
  }

  /** Where the bytes of a blob come from, which may be another registry. */
  @FunctionalInterface
  interface Source {
    byte[] read() throws InterruptedException;
  }

  /** As {@link #write(Descriptor, byte[], String, Optional)}; reads only what has to be sent. */
  long write(Descriptor blob, Source source, String what, Optional<Endpoint> from)
      throws InterruptedException {
    Place first =
        retries.repeat(
            calls.deadline(),
            calls.at().registry(),
            () -> has(blob) ? Place.NONE : begin(blob, from));
    if (first.isNowhere()) {
      return 0;
    }
    byte[] bytes = source.read();
    // A place may be gone after the source has been read, or after a failed attempt.
    AtomicReference<Place> place = new AtomicReference<>(first);
    return retries.repeat(
        calls.deadline(),
        calls.at().registry(),
        () -> {
          Place next = place.getAndSet(Place.NONE);
          if (next.isNowhere()) {
            next = begin(blob, from);
          }
          if (!next.isNowhere()) {
            put(next, blob, bytes, what);
            return (long) bytes.length;
          }
          return 0L;
        });
  }

  /** Whether the repository has a blob. */
  boolean has(Descriptor blob) throws Retries.PassingException, InterruptedException {
    FetchUrl url = calls.at().url("/blobs/" + blob.digest());
    try (HttpAnswer answer = calls.send(RegistryHttp.Call.of("HEAD", url, Map.of()))) {
      return switch (answer.status()) {
        case 200 -> true;
        case 404 -> false;
        default -> throw calls.refusal(answer, "the repository " + calls.at());
      };
    }
  }

  /** Where the bytes of a blob are to be sent. */
  private record Place(Optional<FetchUrl> url, Reach reach) {
    /** Nowhere, since the registry has the blob. */
    static final Place NONE = new Place(Optional.empty(), Reach.PUBLIC);

    boolean isNowhere() {
      return url.isEmpty();
    }
  }

  private Place begin(Descriptor blob, Optional<Endpoint> from)
      throws Retries.PassingException, InterruptedException {
    String mount =
        from.map(other -> "?mount=" + blob.digest() + "&from=" + other.repository()).orElse("");
    FetchUrl start = calls.at().url("/blobs/uploads/" + mount);
    try (HttpAnswer answer =
        calls.send(
            RegistryHttp.Call.of(
                "POST", start, "application/octet-stream", new byte[0], sent -> {}))) {
      if (answer.status() == 201 && from.isPresent()) {
        return Place.NONE;
      }
      if (answer.status() != 202) {
        throw calls.refusal(answer, "the repository " + calls.at());
      }
      FetchUrl url =
          calls
              .location(answer)
              .orElseThrow(() -> calls.broken("does not say where an upload goes"));
      return new Place(Optional.of(url), calls.reachOf(url, answer));
    }
  }

  private void put(Place place, Descriptor blob, byte[] bytes, String what)
      throws Retries.PassingException, InterruptedException {
    FetchUrl url = place.url().orElseThrow();
    AtomicLong done = new AtomicLong();
    FetchUrl put =
        FetchUrl.parse(
            url.uri() + (url.uri().getRawQuery() == null ? "?" : "&") + "digest=" + blob.digest());
    try (HttpAnswer answer =
        calls.send(
            RegistryHttp.Call.of(
                "PUT",
                put,
                "application/octet-stream",
                bytes,
                sent -> listener.moved(what, done.addAndGet(sent), bytes.length)),
            place.reach())) {
      if (answer.status() == 404) {
        // Another node of the registry may have begun it.
        throw new Retries.PassingException(calls.at().registry() + " has forgotten an upload");
      }
      if (answer.status() != 201) {
        throw calls.refusal(answer, "the upload");
      }
    }
  }

  private RegistryException unacceptable(String why) {
    return ImageManifest.unacceptable(calls.at(), why);
  }
}
