package io.gonext.cli.fetch;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.RegistryException;
import io.gonext.host.registry.OciReference;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;

/** Where a bundle, an index or a signature is. */
public sealed interface Location {
  /** A file. */
  record OfFile(Path path) implements Location {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** Something on a web server, by {@code https}, or {@code http} on this machine. */
  record OfUrl(URI url) implements Location {
    @Override
    public String toString() {
      return url.toString();
    }
  }

  /** An artifact in an OCI registry. */
  record OfRegistry(OciReference reference) implements Location {
    @Override
    public String toString() {
      return reference.toString();
    }
  }

  /** What begins with a scheme. A Windows drive has one letter. */
  Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*", Pattern.DOTALL);

  /** The ending of the name of a bundle. */
  String BUNDLE = ".gnplugin";

  /** The hosts that may be reached without TLS. */
  Set<String> LOOPBACK = Set.of("127.0.0.1", "[::1]", "localhost");

  /**
   * Reads a path, a URL or a reference.
   *
   * @throws CommandFailure when it is none of these
   */
  static Location parse(String text) {
    if (!SCHEME.matcher(text).matches()) {
      return new OfFile(path(text));
    }
    if (OciReference.isReference(text)) {
      return new OfRegistry(reference(text));
    }
    URI url = url(text);
    String scheme = url.getScheme();
    if (url.getHost() == null || url.getRawUserInfo() != null) {
      throw wrong(text, "give a URL as https://HOST/PATH, without a user name");
    }
    if (scheme.equals("https") || (scheme.equals("http") && LOOPBACK.contains(url.getHost()))) {
      return new OfUrl(url);
    }
    throw wrong(
        text,
        scheme.equals("http")
            ? "use https; http is for this machine only"
            : "give a file, an https URL, or oci://REGISTRY/REPOSITORY:TAG");
  }

  /**
   * Reads what stands in a file or an index: a path or a URL that is relative is relative to that
   * file's place.
   *
   * @throws CommandFailure when it cannot be read
   */
  default Location resolve(String text) {
    if (SCHEME.matcher(text).matches()) {
      return parse(text);
    }
    return switch (this) {
      case OfFile(Path path) -> new OfFile(path.resolveSibling(path(text)));
      case OfUrl(URI url) -> parse(url.resolve(url(text)).toString());
      case OfRegistry _ -> throw wrong(text, "an artifact has no directory: give a URL");
    };
  }

  /**
   * The file beside this one whose name has an end added, such as {@code .sig}. An artifact has
   * none.
   */
  default Location beside(String end) {
    return switch (this) {
      case OfFile(Path path) -> new OfFile(path.resolveSibling(path.getFileName() + end));
      case OfUrl(URI url) -> {
        String path = url.getRawPath();
        yield new OfUrl(url.resolve("./" + path.substring(path.lastIndexOf('/') + 1) + end));
      }
      case OfRegistry here -> here;
    };
  }

  /**
   * The file beside a bundle that has another ending in place of {@code .gnplugin}. An artifact has
   * none.
   */
  default Location renamed(String ending) {
    return switch (this) {
      case OfFile(Path path) ->
          new OfFile(path.resolveSibling(stem(String.valueOf(path.getFileName())) + ending));
      case OfUrl(URI url) -> {
        String path = url.getRawPath();
        yield new OfUrl(
            url.resolve("./" + stem(path.substring(path.lastIndexOf('/') + 1)) + ending));
      }
      case OfRegistry here -> here;
    };
  }

  private static String stem(String name) {
    return name.endsWith(BUNDLE) ? name.substring(0, name.length() - BUNDLE.length()) : name;
  }

  /** Whether it is this machine that is asked, by the name of the host. */
  default boolean isThisMachine() {
    return switch (this) {
      case OfFile _ -> true;
      case OfUrl(URI url) -> LOOPBACK.contains(url.getHost());
      case OfRegistry(OciReference reference) ->
          LOOPBACK.stream()
              .anyMatch(host ->
                  reference.registry().equals(host) || reference.registry().startsWith(host + ":"));
    };
  }

  private static CommandFailure wrong(String text, String advice) {
    return new CommandFailure(CommandFailure.Kind.FAILED, text + ": " + advice);
  }

  private static OciReference reference(String text) {
    try {
      return OciReference.parse(text);
    } catch (RegistryException e) {
      throw wrong(text, String.valueOf(e.getMessage()));
    }
  }

  private static URI url(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw wrong(text, "this is not a URL: " + e.getReason());
    }
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw wrong(text, "this is not a path: " + e.getReason());
    }
  }
}
