package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that send one HTTP request after the other to a port of this machine, each on a
 * connection that it keeps, and connect again when the server is gone. They need little processor
 * time: most of it is for the server.
 */
final class HttpLoad implements AutoCloseable {
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int TIMEOUT_MILLIS = 30_000;

  private final int port;
  private final List<byte[]> requests;
  private final AtomicLong served = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final List<Thread> clients = new ArrayList<>();
  private volatile boolean stopped;

  private HttpLoad(int port, List<byte[]> requests) {
    this.port = port;
    this.requests = requests;
  }

  /** A request with a body of JSON. */
  static byte[] post(String path, String json) {
    byte[] body = json.getBytes(UTF_8);
    return ("POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length
            + "\r\n\r\n"
            + json)
        .getBytes(UTF_8);
  }

  static byte[] get(String path) {
    return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(UTF_8);
  }

  static HttpLoad start(int port, int clientCount, List<byte[]> requests) {
    HttpLoad load = new HttpLoad(port, requests);
    for (int i = 0; i < clientCount; i++) {
      load.clients.add(Thread.ofPlatform().daemon().start(load::send));
    }
    return load;
  }

  /** How many requests were answered with 200 so far. */
  long served() {
    return served.get();
  }

  /** How many had another answer so far. */
  long failed() {
    return failed.get();
  }

  /** The status of one request on a connection of its own; 0 when nobody answers. */
  static int status(int port, byte[] request) {
    try (Connection connection = new Connection(port)) {
      return connection.send(request);
    } catch (IOException e) {
      return 0;
    }
  }

  private void send() {
    while (!stopped) {
      try (Connection connection = new Connection(port)) {
        for (int i = 0; !stopped; i++) {
          int status = connection.send(requests.get(i % requests.size()));
          (status == 200 ? served : failed).incrementAndGet();
        }
      } catch (IOException e) {
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }

  @Override
  public void close() {
    stopped = true;
    try {
      for (Thread client : clients) {
        client.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Of one thread. */
  private static final class Connection implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Connection(int port) throws IOException {
      socket = new Socket();
      try {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
      } catch (IOException e) {
        socket.close();
        throw e;
      }
    }

    /** Returns the status, with the whole answer read. */
    int send(byte[] request) throws IOException {
      out.write(request);
      int status = Integer.parseInt(line().split(" ", 3)[1]);
      int length = 0;
      for (String line = line(); !line.isEmpty(); line = line()) {
        if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
        }
      }
      in.skipNBytes(length);
      return status;
    }

    private String line() throws IOException {
      byte[] bytes = new byte[256];
      int length = 0;
      for (int next = in.read(); next != '\n'; next = in.read()) {
        if (next < 0) {
          throw new EOFException("the server closed the connection");
        }
        if (next != '\r' && length < bytes.length) {
          bytes[length++] = (byte) next;
        }
      }
      return new String(bytes, 0, length, ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
