package io.gonext.host.registry;

/**
 * Another place that holds what a registry holds, and is asked first. What it gives is checked
 * against the digest where the reference has one; without a digest the mirror decides what a tag
 * means.
 *
 * @param registry the host and port that references name
 * @param mirror the host and port that is asked instead
 * @param prefix what comes before the repository there; empty for nothing
 */
public record RegistryMirror(String registry, String mirror, String prefix) {
  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException when one of them cannot be part of a reference
   */
  public RegistryMirror {
    RegistryPattern.parse(registry);
    RegistryPattern.parse(prefix.isEmpty() ? mirror : mirror + "/" + prefix);
    if (registry.contains("*") || mirror.contains("*")) {
      throw new IllegalArgumentException("a mirror is given as HOST=HOST, without a *");
    }
  }

  /**
   * Reads {@code REGISTRY=MIRROR} or {@code REGISTRY=MIRROR/PREFIX}.
   *
   * @throws IllegalArgumentException when it is neither
   */
  public static RegistryMirror parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException(
          "a mirror is given as REGISTRY=MIRROR, such as docker.io=mirror.example.com:5000");
    }
    String target = text.substring(equals + 1);
    int slash = target.indexOf('/');
    return new RegistryMirror(
        text.substring(0, equals),
        slash < 0 ? target : target.substring(0, slash),
        slash < 0 ? "" : target.substring(slash + 1));
  }

  /** Where a reference is found on the mirror. */
  OciReference of(OciReference reference) {
    return new OciReference(
        mirror,
        prefix.isEmpty() ? reference.repository() : prefix + "/" + reference.repository(),
        reference.tag(),
        reference.digest());
  }
}
