package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The command as a process; {@code close} ends it and its children. */
final class GonextProcess implements AutoCloseable {
  private static final byte[] READY = HttpLoad.get("/readyz");
  private static final long LONGEST_START_NANOS = TimeUnit.MINUTES.toNanos(2);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Process process;
  private final BufferedReader output;

  private GonextProcess(Process process) {
    this.process = process;
    this.output = process.inputReader(UTF_8);
  }

  static GonextProcess start(ProcessBuilder.Redirect errors, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Checkout.root().resolve("gonext").toString());
    command.addAll(List.of(arguments));
    return new GonextProcess(new ProcessBuilder(command).redirectError(errors).start());
  }

  /** A port of this machine that nobody listens on now. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until the host on a port says that it is ready. */
  static void awaitReady(int port) throws UnavailableException {
    long end = System.nanoTime() + LONGEST_START_NANOS;
    while (HttpLoad.status(port, READY) != 200) {
      if (System.nanoTime() - end > 0) {
        throw new UnavailableException("the host was not ready within 2 minutes");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** Waits for the first line with this beginning and returns the rest of it. */
  String awaitLine(String beginning) throws IOException, UnavailableException {
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(beginning)) {
        return line.substring(beginning.length());
      }
    }
    throw new UnavailableException("gonext ended before it was " + beginning);
  }

  JsonNode awaitEvent(String... anyOf) throws IOException, UnavailableException {
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      JsonNode event = json(line);
      if (event != null && List.of(anyOf).contains(event.path("event").asString(""))) {
        return event;
      }
    }
    throw new UnavailableException("gonext plugin dev ended before " + String.join(", ", anyOf));
  }

  private static @Nullable JsonNode json(String line) {
    try {
      return StrictJson.parse(line.getBytes(UTF_8));
    } catch (InvalidJsonException e) {
      return null;
    }
  }

  /** The command is a script that becomes the JVM. */
  long pid() {
    return process.pid();
  }

  /** Ends it as a crash would, without a chance to write anything (SIGKILL). */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    output.close();
    process.onExit().join();
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
