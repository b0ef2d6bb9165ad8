package io.gonext.cli.dev;

import io.gonext.cli.output.GrowingPause;
import io.gonext.cli.output.ServerSentEvents;
import io.gonext.engine.PlainText;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A plugin's log lines and failures from {@code GET {host}/_/plugins/dev/logs/{name}}, server-sent
 * events: {@code failure} with {@code {"hook","code","message","backtrace"}}, any other with {@code
 * {"level","message"}}. Reconnects by itself while it is open. Events that come faster than they
 * can be shown are dropped and counted, so that the host never waits.
 */
final class LogStream implements AutoCloseable {
  /** How many events may wait to be shown. */
  private static final int WAITING = 1000;

  private final HttpClient client;
  private final HttpRequest request;
  private final DevOutput output;

  private final BlockingQueue<DevEvent> waiting = new ArrayBlockingQueue<>(WAITING);
  private final AtomicLong dropped = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;
  private volatile @Nullable InputStream open;

  private LogStream(HttpClient client, HttpRequest request, DevOutput output) {
    this.client = client;
    this.request = request;
    this.output = output;
  }

  static LogStream open(
      HttpClient client, HostUrl host, String plugin, @Nullable String token, DevOutput output) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(host.logs(plugin)).header("Accept", "text/event-stream");
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    LogStream stream = new LogStream(client, request.build(), output);
    stream.threads.add(
        Thread.ofPlatform().daemon().name("gonext-logs-reader").start(stream::receive));
    stream.threads.add(
        Thread.ofPlatform().daemon().name("gonext-logs-printer").start(stream::show));
    return stream;
  }

  private void receive() {
    GrowingPause pause = new GrowingPause();
    boolean wasConnected = false;
    int refusedWith = 0;
    try {
      while (!closed) {
        boolean connected = false;
        try {
          HttpResponse<InputStream> response =
              client.send(request, HttpResponse.BodyHandlers.ofInputStream());
          try (InputStream in = response.body()) {
            if (response.statusCode() == 200) {
              open = in;
              connected = true;
              pause.reset();
              if (wasConnected) {
                put(new DevEvent.LogsConnected(true));
              }
              wasConnected = true;
              refusedWith = 0;
              ServerSentEvents.read(in, event -> put(event(event.name(), event.data())));
            } else if (response.statusCode() != refusedWith) {
              // Warn once: the next attempts will probably get the same answer.
              refusedWith = response.statusCode();
              put(
                  new DevEvent.Warning(
                      "cannot show log lines and failed calls: "
                          + HttpUploader.refused(
                                  refusedWith, in.readNBytes(HttpUploader.ANSWER_BYTES))
                              .getMessage()));
            }
          }
        } catch (IOException e) {
          // The host may be restarting; the loss is reported below.
        }
        if (closed) {
          return;
        }
        if (connected) {
          put(new DevEvent.LogsConnected(false));
        }
        pause.await();
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private static DevEvent event(String name, String data) {
    try {
      JsonNode json = StrictJson.parse(data.getBytes(StandardCharsets.UTF_8));
      if (json.isObject() && name.equals("failure")) {
        return new DevEvent.CallFailed(
            PlainText.of(json.path("hook").asString("")),
            PlainText.of(json.path("code").asString("")),
            PlainText.of(json.path("message").asString("")),
            json.path("backtrace").valueStream().map(LogStream::frame).toList());
      }
      if (json.isObject()) {
        return new DevEvent.Log(
            PlainText.of(json.path("level").asString("info")),
            PlainText.of(json.path("message").asString("")));
      }
    } catch (InvalidJsonException e) {
      // Shown as plain text below.
    }
    return new DevEvent.Log("info", PlainText.of(data));
  }

  private static TurnFailure.Frame frame(JsonNode json) {
    String source = PlainText.of(json.path("source").asString(""));
    return new TurnFailure.Frame(
        PlainText.of(json.path("function").asString("")),
        json.path("offset").asInt(-1),
        source.isEmpty() ? null : source);
  }

  private void put(DevEvent event) {
    if (!waiting.offer(event)) {
      dropped.incrementAndGet();
    }
  }

  private void show() {
    try {
      while (true) {
        DevEvent event = waiting.take();
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
          output.emit(new DevEvent.LogsDropped(lost));
        }
        output.emit(event);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
    InputStream reading = open;
    if (reading != null) {
      try {
        reading.close();
      } catch (IOException e) {
        // The stream is not used any more.
      }
    }
  }
}
