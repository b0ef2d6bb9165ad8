package io.gonext.host.internal.service.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** A server that reads the headers of a request and then writes what a test says, byte by byte. */
public final class RudeServer implements AutoCloseable {
  /** Answers one request; the connection ends when this returns. */
  @FunctionalInterface
  public interface Manners {
    void answer(OutputStream out) throws IOException, InterruptedException;
  }

  private final ServerSocket socket;
  private final Manners manners;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Semaphore ended = new Semaphore(0);

  public RudeServer(Manners manners) throws IOException {
    this.manners = manners;
    this.socket = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    Thread.ofVirtual().start(this::accept);
  }

  /** Sends a text and then nothing more, and keeps the connection. */
  public static RudeServer stuckAfter(String text) throws IOException {
    return new RudeServer(out -> {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      new CountDownLatch(1).await();
    });
  }

  public int port() {
    return socket.getLocalPort();
  }

  /** Released once for each connection that has ended. */
  Semaphore ended() {
    return ended;
  }

  private void accept() {
    while (closed.getCount() > 0) {
      try {
        Socket connection = socket.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      InputStream in = connection.getInputStream();
      int newlines = 0;
      while (newlines < 2) {
        int next = in.read();
        if (next < 0) {
          return;
        }
        newlines = next == '\n' ? newlines + 1 : next == '\r' ? newlines : 0;
      }
      manners.answer(connection.getOutputStream());
    } catch (IOException | InterruptedException e) {
      // The client hung up, which is what most tests wait for.
    } finally {
      ended.release();
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    socket.close();
  }
}
