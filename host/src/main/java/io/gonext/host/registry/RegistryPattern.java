package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import java.util.regex.Pattern;

/**
 * Some registries, or some repositories of one: {@code registry.example.com}, {@code
 * *.example.com}, {@code ghcr.io/acme} for everything below {@code acme}, {@code localhost:5000},
 * or {@code *} for all. A port must be named where the reference names one.
 *
 * @param registry the host and port, {@code *.} and the end of a host's name, or {@code *}
 * @param path the beginning of the repository, whole components; empty for all
 */
public record RegistryPattern(String registry, String path) {
  private static final Pattern REGISTRY =
      Pattern.compile("\\*|(?:\\*\\.)?[a-z0-9.-]+(?::[0-9]{1,5})?|\\[[0-9a-f:.]+](?::[0-9]{1,5})?");

  private static final Pattern PATH = Pattern.compile("(?:[a-z0-9._-]+(?:/[a-z0-9._-]+)*)?");

  /** Every registry. */
  public static final RegistryPattern ANY = new RegistryPattern("*", "");

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException when one of them is not as above
   */
  public RegistryPattern {
    if (!REGISTRY.matcher(registry).matches() || !PATH.matcher(path).matches()) {
      throw new IllegalArgumentException(
          "a registry is given as HOST, HOST:PORT, HOST/REPOSITORY or *.DOMAIN: "
              + PlainText.of(registry + (path.isEmpty() ? "" : "/" + path), 200));
    }
  }

  /**
   * Reads a pattern.
   *
   * @throws IllegalArgumentException when it is not one
   */
  public static RegistryPattern parse(String text) {
    String plain = OciReference.isReference(text) ? text.substring(6) : text;
    int slash = plain.indexOf('/');
    return slash < 0
        ? new RegistryPattern(plain, "")
        : new RegistryPattern(
            plain.substring(0, slash), plain.substring(slash + 1).replaceAll("/\\*?$", ""));
  }

  /** Whether a reference is in one of these. */
  public boolean matches(OciReference reference) {
    return matchesRegistry(reference.registry())
        && (path.isEmpty()
            || reference.repository().equals(path)
            || reference.repository().startsWith(path + "/"));
  }

  private boolean matchesRegistry(String other) {
    return registry.equals("*")
        || (registry.startsWith("*.")
            ? other.endsWith(registry.substring(1)) && other.length() > registry.length() - 1
            : other.equals(registry));
  }

  @Override
  public String toString() {
    return path.isEmpty() ? registry : registry + "/" + path;
  }
}
