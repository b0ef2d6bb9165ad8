package io.gonext.cli.dev;

import io.gonext.cli.output.CommandFailure;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * The URL of a host: absolute, http or https, optionally with a path, without a slash at the end.
 *
 * @param base without a trailing slash
 */
record HostUrl(URI base) {
  /** Where {@code gonext serve --dev} listens by default. */
  static final String DEFAULT = "http://localhost:8080";

  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  /**
   * @throws CommandFailure of kind USAGE when the text is not such a URL
   */
  static HostUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      throw refused(text, "is not a URL");
    }
    String scheme = uri.getScheme();
    if (scheme == null
        || !(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))
        || uri.getHost() == null) {
      throw refused(text, "is not an absolute http or https URL");
    }
    if (uri.getRawUserInfo() != null) {
      throw refused(
          text.replace(uri.getRawUserInfo() + "@", "...@"), "contains a user: use --token instead");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw refused(text, "contains a query or a fragment");
    }
    return new HostUrl(URI.create(uri.toString().replaceAll("/+$", "")));
  }

  private static CommandFailure refused(String text, String why) {
    return new CommandFailure(
        CommandFailure.Kind.USAGE, "--host " + text + " " + why, "for example: --host " + DEFAULT);
  }

  URI health() {
    return at("/healthz");
  }

  URI install() {
    return at("/_/plugins/dev/install");
  }

  URI logs(String plugin) {
    return at(
        "/_/plugins/dev/logs/"
            + URLEncoder.encode(plugin, StandardCharsets.UTF_8).replace("+", "%20"));
  }

  int port() {
    if (base.getPort() >= 0) {
      return base.getPort();
    }
    return base.getScheme().equalsIgnoreCase("https") ? HTTPS_PORT : HTTP_PORT;
  }

  private URI at(String path) {
    return URI.create(base + path);
  }

  @Override
  public String toString() {
    return base.toString();
  }
}
