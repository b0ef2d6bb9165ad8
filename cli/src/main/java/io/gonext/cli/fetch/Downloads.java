package io.gonext.cli.fetch;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.RegistryException;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PluginDescription;
import io.gonext.host.registry.PulledIndex;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.registry.RegistryProxies;
import io.gonext.host.registry.TransferListener;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads files, what web servers have, and artifacts of registries. Thread-safe. */
public final class Downloads implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(60);

  private final HttpClient client;
  private final Function<OciReference, OciClient> registries;
  private final TransferListener listener;

  /**
   * @param registries how registries are reached
   */
  public Downloads(RegistryOptions registries) {
    this(registries::client, registries.proxies(), TransferListener.NONE);
  }

  /**
   * @param registries how registries are reached
   * @param listener of what is pulled from them
   */
  public Downloads(PullOptions registries, TransferListener listener) {
    this(registries::client, registries.proxies(), listener);
  }

  private Downloads(
      Function<OciReference, OciClient> registries,
      RegistryProxies proxies,
      TransferListener listener) {
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            // Never from https to http.
            .followRedirects(HttpClient.Redirect.NORMAL)
            .proxy(new ChosenProxies(proxies))
            .authenticator(ChosenProxies.login(proxies))
            .build();
    this.registries = registries;
    this.listener = listener;
  }

  /** What a cache remembers of an answer; empty for what the server did not say. */
  public record Validators(String etag, String lastModified) {
    /** Of nothing. */
    public static final Validators NONE = new Validators("", "");
  }

  /**
   * The answer to a conditional request.
   *
   * @param bytes empty when the copy that the caller has is still the current one
   */
  public record Conditional(Optional<byte[]> bytes, Validators validators) {}

  /**
   * Reads a whole file.
   *
   * @param most it may have, in bytes
   * @throws CommandFailure when it is missing, too large, or cannot be read
   */
  public byte[] read(Location location, int most) throws InterruptedException {
    return find(location, most)
        .orElseThrow(() -> failed(location, "there is no such file; check its name"));
  }

  /** As {@link #read}; empty when it is missing. */
  public Optional<byte[]> find(Location location, int most) throws InterruptedException {
    return switch (location) {
      case Location.OfFile(Path path) -> file(path, location, most);
      case Location.OfUrl(URI url) -> {
        HttpResponse<InputStream> answer = ask(HttpRequest.newBuilder(url), location);
        yield switch (answer.statusCode()) {
          case 200 -> Optional.of(body(answer, location, most));
          case 404, 410 -> {
            discard(answer);
            yield Optional.empty();
          }
          default -> throw unexpected(answer, location);
        };
      }
      case Location.OfRegistry registry -> {
        byte[] bundle = pull(registry).bundle();
        if (bundle.length > most) {
          throw tooLarge(location, most);
        }
        yield Optional.of(bundle);
      }
    };
  }

  /**
   * Pulls a bundle from a registry, with its signatures.
   *
   * @throws CommandFailure when the registry does not give it
   */
  public PulledPlugin pull(Location.OfRegistry location) throws InterruptedException {
    return ask(location, client -> client.pull(location.reference(), listener));
  }

  /**
   * Pulls an index from a registry, with its signatures.
   *
   * @param known an index that the caller has: it is not fetched if the registry has the same
   * @throws CommandFailure when the registry does not give it
   */
  public PulledIndex pullIndex(Location.OfRegistry location, Optional<byte[]> known)
      throws InterruptedException {
    return ask(location, client -> client.pullIndex(location.reference(), known, listener));
  }

  /**
   * Reads what an artifact says of its plugin, without the bundle.
   *
   * @throws CommandFailure when the registry does not give it
   */
  public PluginDescription describe(Location.OfRegistry location) throws InterruptedException {
    return ask(location, client -> client.describe(location.reference()));
  }

  @FunctionalInterface
  private interface Question<T> {
    T ask(OciClient client) throws InterruptedException;
  }

  private <T> T ask(Location.OfRegistry location, Question<T> question)
      throws InterruptedException {
    try (OciClient client = registries.apply(location.reference())) {
      return question.ask(client);
    } catch (RegistryException e) {
      throw failed(location, String.valueOf(e.getMessage()));
    } catch (BundleRejectedException e) {
      throw failed(location, e.summary());
    }
  }

  /**
   * Reads what a web server has, unless the caller has it already.
   *
   * @param known of the copy that the caller has
   */
  public Conditional readIfChanged(Location.OfUrl location, Validators known, int most)
      throws InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(location.url());
    if (!known.etag().isEmpty()) {
      request.header("If-None-Match", known.etag());
    }
    if (!known.lastModified().isEmpty()) {
      request.header("If-Modified-Since", known.lastModified());
    }
    HttpResponse<InputStream> answer = ask(request, location);
    return switch (answer.statusCode()) {
      case 200 ->
          new Conditional(
              Optional.of(body(answer, location, most)),
              new Validators(
                  answer.headers().firstValue("ETag").orElse(""),
                  answer.headers().firstValue("Last-Modified").orElse("")));
      case 304 -> {
        discard(answer);
        yield new Conditional(Optional.empty(), known);
      }
      case 404, 410 -> {
        discard(answer);
        throw failed(location, "there is no such file; check its name");
      }
      default -> throw unexpected(answer, location);
    };
  }

  private static Optional<byte[]> file(Path path, Location location, int most) {
    try (InputStream in = Files.newInputStream(path)) {
      return Optional.of(bounded(in, location, most));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed(
          location,
          Files.isDirectory(path) ? "this is a directory, not a file" : CommandFailure.reason(e));
    }
  }

  private HttpResponse<InputStream> ask(HttpRequest.Builder request, Location location)
      throws InterruptedException {
    try {
      return client.send(request.timeout(ANSWER).build(), BodyHandlers.ofInputStream());
    } catch (ConnectException e) {
      throw failed(location, "no server answers there");
    } catch (IOException e) {
      throw failed(location, "the request failed: " + CommandFailure.reason(e));
    }
  }

  private static byte[] body(HttpResponse<InputStream> answer, Location location, int most) {
    try (InputStream in = answer.body()) {
      return bounded(in, location, most);
    } catch (IOException e) {
      throw failed(location, "the download broke off: run the command again");
    }
  }

  private static byte[] bounded(InputStream in, Location location, int most) throws IOException {
    byte[] bytes = in.readNBytes(most + 1);
    if (bytes.length > most) {
      throw tooLarge(location, most);
    }
    return bytes;
  }

  private static CommandFailure tooLarge(Location location, int most) {
    return failed(location, "it has more than " + most + " bytes");
  }

  private static void discard(HttpResponse<InputStream> answer) {
    // The JDK's client gives the answer of a proxy that makes no tunnel, without a body.
    @Nullable InputStream body = answer.body();
    if (body == null) {
      return;
    }
    try {
      body.close();
    } catch (IOException e) {
      // Nothing in it was needed.
    }
  }

  private static CommandFailure unexpected(HttpResponse<InputStream> answer, Location location) {
    @Nullable InputStream body = answer.body();
    discard(answer);
    return failed(
        location,
        (body == null ? "the proxy" : "the server")
            + " answered with status "
            + answer.statusCode());
  }

  private static CommandFailure failed(Location location, String reason) {
    return new CommandFailure(CommandFailure.Kind.FAILED, location + ": " + reason);
  }

  @Override
  public void close() {
    client.close();
  }
}
