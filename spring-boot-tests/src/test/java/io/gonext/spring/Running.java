package io.gonext.spring;

import io.gonext.host.Host;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** An application that runs on a port of its own, and a client for it. */
final class Running implements AutoCloseable {
  private static final String WITHOUT_DATABASE =
      "--spring.autoconfigure.exclude="
          + "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration";

  private final ConfigurableApplicationContext context;
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI base;

  private Running(ConfigurableApplicationContext context) {
    this.context = context;
    this.base =
        URI.create(
            "http://localhost:" + ((WebServerApplicationContext) context).getWebServer().getPort());
  }

  /** Starts an application without a database of its own. */
  static Running start(Class<?> application, Path data, String... properties) {
    List<String> all = new ArrayList<>(List.of(properties));
    all.add(WITHOUT_DATABASE);
    return startWithDatabase(application, data, all.toArray(String[]::new));
  }

  static Running startWithDatabase(Class<?> application, Path data, String... properties) {
    List<String> all =
        new ArrayList<>(List.of("--server.port=0", "--gonext.data-directory=" + data));
    all.addAll(List.of(properties));
    return new Running(new SpringApplication(application).run(all.toArray(String[]::new)));
  }

  ConfigurableApplicationContext context() {
    return context;
  }

  Host host() {
    return context.getBean(Host.class);
  }

  /** A request for a path, without anything else. */
  HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(base.resolve(path));
  }

  /** A request by a user, whose password is the name. */
  HttpRequest.Builder as(String user, String path) {
    return to(path)
        .header(
            "Authorization",
            "Basic "
                + Base64.getEncoder()
                    .encodeToString((user + ":" + user).getBytes(StandardCharsets.UTF_8)));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  HttpClient client() {
    return client;
  }

  @Override
  public void close() {
    context.close();
    client.close();
  }
}
