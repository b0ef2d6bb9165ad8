package io.gonext.host.internal.service.http;

import io.gonext.host.manifest.FetchUrl;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.GZIPInputStream;
import org.eclipse.jetty.client.Response;
import org.eclipse.jetty.client.Result;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Collects the answer to one request. The client's threads copy what arrives, and wake the thread
 * that waits once, when the answer is complete. That thread inflates the body.
 *
 * <p>Thread-safe.
 */
final class AnswerListener implements Response.Listener {
  /** A body that gzip cannot make smaller is a little larger as gzip. */
  private static final int MAX_GZIP_BYTES = FetchClient.MAX_BODY_BYTES + 64 * 1024;

  /**
   * The largest body that is read although nobody needs it, so that its connection can be used
   * again.
   */
  private static final int MAX_DISCARDED_BYTES = 16 * 1024;

  private static final int PART_BYTES = 16 * 1024;
  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final byte[] EMPTY = new byte[0];

  private final FetchUrl url;
  private final FetchClient.Wanted wanted;
  private final BodyMemory.Share memory;

  /** Whether an answer may come before the request is sent. */
  private final boolean maybeEarly;

  /** Open until there is an answer or a failure. */
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Open until the client has finished with the connection, too. */
  private final CountDownLatch released = new CountDownLatch(1);

  /**
   * Whether nothing that arrives matters any more. Guarded by this, as are the next fields and the
   * memory, until it is true; from then on they belong to the thread that waits.
   */
  private boolean decided;

  /** Null until there is an answer. */
  private @Nullable Response answer;

  /** Null unless there is no answer. */
  private @Nullable Throwable failure;

  private boolean discards;
  private boolean gzip;
  private byte[] body = EMPTY;
  private int length;

  /**
   * @param url of the request
   * @param memory takes the bytes of the body
   * @param wanted an answer's body is empty if it is not wanted
   * @param hasBody whether the request has a body
   */
  AnswerListener(
      FetchUrl url, BodyMemory.Share memory, FetchClient.Wanted wanted, boolean hasBody) {
    this.url = url;
    this.memory = memory;
    this.wanted = wanted;
    this.maybeEarly = hasBody;
  }

  /**
   * Waits for the answer.
   *
   * @param deadlineNanos of {@link System#nanoTime}
   * @throws TimeoutException if it is not complete by then
   * @throws ExecutionException if there is none, with the cause
   * @throws IOException if its body cannot be inflated
   */
  FetchClient.Answer await(long deadlineNanos)
      throws InterruptedException,
          TimeoutException,
          ExecutionException,
          IOException,
          FetchException {
    if (!ended.await(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      throw new TimeoutException();
    }
    // An abort before the client has released the connection would close it.
    var _ = released.await(SETTLE_NANOS, TimeUnit.NANOSECONDS);
    settle();
    if (failure instanceof FetchException reason) {
      throw reason;
    }
    if (failure != null) {
      throw new ExecutionException(failure);
    }
    return answer(Objects.requireNonNull(answer));
  }

  private synchronized void settle() {
    decided = true;
  }

  /**
   * Takes nothing more.
   *
   * @return whether the client has finished with the connection
   */
  boolean close() {
    settle();
    return released.getCount() == 0;
  }

  @Override
  public void onHeaders(Response response) {
    if (!accepts(response)) {
      abort(response);
    }
  }

  /** Whether the answer's body is to be read. */
  private synchronized boolean accepts(Response response) {
    if (decided) {
      return true;
    }
    int status = response.getStatus();
    if (status < 200) {
      decide(
          null,
          new FetchException(
              FetchOutcome.FAILED, url.origin() + " changed the protocol of the connection"));
      return false;
    }
    HttpFields headers = response.getHeaders();
    gzip = isGzip(headers.get(HttpHeader.CONTENT_ENCODING));
    if (wanted.isBodyOf(status, headers)) {
      return true;
    }
    discards = true;
    long announced = headers.getLongField(HttpHeader.CONTENT_LENGTH);
    if (announced >= 0 && announced <= MAX_DISCARDED_BYTES) {
      return true;
    }
    decide(response, null);
    return false;
  }

  @Override
  public void onContent(Response response, ByteBuffer content) {
    if (!takes(content)) {
      abort(response);
    }
  }

  /** Whether the rest of the body is to be read. */
  private synchronized boolean takes(ByteBuffer content) {
    if (decided || discards) {
      return true;
    }
    int more = content.remaining();
    int most = gzip ? MAX_GZIP_BYTES : FetchClient.MAX_BODY_BYTES;
    try {
      if (more > most - length) {
        throw tooLarge();
      }
      memory.take(more);
    } catch (FetchException e) {
      decide(null, e);
      return false;
    }
    if (more > body.length - length) {
      // Not as many as the answer's header announces: they may never come.
      body = Arrays.copyOf(body, Math.max(length + more, Math.min(2 * length, most)));
    }
    content.get(body, length, more);
    length += more;
    return true;
  }

  private void abort(Response response) {
    ended.countDown();
    var _ = response.abort(new FetchClient.NotAwaitedException());
  }

  @Override
  public void onSuccess(Response response) {
    decide(response, null);
    if (maybeEarly) {
      ended.countDown();
    }
  }

  @Override
  public void onComplete(Result result) {
    decide(result.getResponse(), result.getFailure());
    released.countDown();
    ended.countDown();
  }

  /** The first decision holds. */
  private synchronized void decide(@Nullable Response complete, @Nullable Throwable cause) {
    if (!decided) {
      decided = true;
      answer = complete;
      failure = cause;
    }
  }

  private FetchClient.Answer answer(Response response) throws IOException, FetchException {
    int status = response.getStatus();
    HttpFields headers = response.getHeaders();
    if (!gzip || length == 0) {
      return new FetchClient.Answer(
          status, headers, length == body.length ? body : Arrays.copyOf(body, length));
    }
    HttpFields decoded =
        HttpFields.build(headers)
            .remove(HttpHeader.CONTENT_ENCODING)
            .remove(HttpHeader.CONTENT_LENGTH);
    return new FetchClient.Answer(status, decoded, inflated());
  }

  private byte[] inflated() throws IOException, FetchException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    try (InputStream inflated =
        new GZIPInputStream(new ByteArrayInputStream(body, 0, length), PART_BYTES)) {
      byte[] part = new byte[PART_BYTES];
      for (int read = inflated.read(part); read >= 0; read = inflated.read(part)) {
        if (whole.size() + read > FetchClient.MAX_BODY_BYTES) {
          throw tooLarge();
        }
        memory.take(read);
        whole.write(part, 0, read);
      }
    }
    return whole.toByteArray();
  }

  private FetchException tooLarge() {
    return new FetchException(
        FetchOutcome.FAILED, "the answer of " + url.origin() + " has a body of more than 10 MiB");
  }

  private static boolean isGzip(@Nullable String encoding) {
    String name = encoding == null ? "" : encoding.trim().toLowerCase(Locale.ROOT);
    return name.equals("gzip") || name.equals("x-gzip");
  }
}
