package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import io.gonext.host.RegistryException;
import io.gonext.host.manifest.FetchUrl;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a plugin is in a registry: {@code oci://HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]}. The host is
 * never implied. A tag beside a digest is kept, and the digest decides. Immutable.
 *
 * @param registry the host in lower case, and its port where one is given
 * @param repository path components of lower-case letters and digits with single separators between
 *     them, as the distribution specification has them
 * @param tag where one is given; {@code +} is written {@code _}, since a tag cannot hold it
 * @param digest where one is given: {@code sha256:} or {@code sha512:} and hex digits
 */
public record OciReference(
    String registry, String repository, Optional<String> tag, Optional<String> digest) {
  /** What every reference begins with. */
  public static final String SCHEME = "oci://";

  /** The most characters of a tag. */
  static final int MAX_TAG = 128;

  /** The most characters of the host and the repository; many registries take no more. */
  private static final int MAX_NAME = 255;

  private static final int MAX_LENGTH = 1024;
  private static final int MAX_SHOWN = 200;

  private static final Pattern REPOSITORY =
      Pattern.compile(
          "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");

  private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");

  /**
   * Checks the parts.
   *
   * @throws RegistryException when one of them is not as above
   */
  public OciReference {
    registry = registry.toLowerCase(Locale.ROOT);
    requireRegistry(registry, repository);
    if (!REPOSITORY.matcher(repository).matches()) {
      throw invalid(
          repository.isEmpty()
              ? "the reference has no repository: write oci://" + registry + "/NAME"
              : "the repository "
                  + shown(repository)
                  + " is not valid: it has lower-case letters and digits, with one of . _ __ or"
                  + " hyphens between them, and / between its parts");
    }
    if (registry.length() + 1 + repository.length() > MAX_NAME) {
      throw invalid(
          "the registry and the repository have more than " + MAX_NAME + " characters together");
    }
    tag = tag.map(OciReference::tagOf);
    tag.ifPresent(given -> {
      if (!TAG.matcher(given).matches()) {
        throw invalid(
            given.isEmpty()
                ? "the tag is empty: leave out the colon, or give a tag"
                : "the tag "
                    + shown(given)
                    + " is not valid: it has 1 to "
                    + MAX_TAG
                    + " letters, digits, and . _ - after the first of them");
      }
    });
    digest.ifPresent(given -> {
      if (Digest.parse(given).isEmpty()) {
        throw invalid(
            "the digest "
                + shown(given)
                + " is not valid: it is sha256: and 64 hex digits in lower case, or sha512: and"
                + " 128");
      }
    });
  }

  /**
   * Reads a reference.
   *
   * @throws RegistryException of the kind {@code REFERENCE} when it is not one, with a sentence
   *     that says why
   */
  public static OciReference parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw invalid("the reference has more than " + MAX_LENGTH + " characters");
    }
    if (text.isBlank()) {
      throw invalid("the reference is empty: write oci://HOST/REPOSITORY:TAG");
    }
    if (!isReference(text)) {
      throw invalid(shown(text) + " does not begin with oci://: write oci://HOST/REPOSITORY:TAG");
    }
    String rest = text.substring(SCHEME.length());
    int slash = rest.indexOf('/');
    String registry = slash < 0 ? rest : rest.substring(0, slash);
    String name = slash < 0 ? "" : rest.substring(slash + 1);
    int at = name.indexOf('@');
    Optional<String> digest = at < 0 ? Optional.empty() : Optional.of(name.substring(at + 1));
    if (at >= 0) {
      name = name.substring(0, at);
    }
    int colon = name.indexOf(':');
    Optional<String> tag = colon < 0 ? Optional.empty() : Optional.of(name.substring(colon + 1));
    if (colon >= 0) {
      name = name.substring(0, colon);
    }
    return new OciReference(registry, name, tag, digest);
  }

  /** Whether a text is meant as a reference: it begins with {@code oci://}. */
  public static boolean isReference(String text) {
    return text.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
  }

  /** The tag for a version: build metadata begins with {@code _} there. */
  public static String tagOf(String version) {
    return version.replace('+', '_');
  }

  private static void requireRegistry(String registry, String repository) {
    if (registry.isEmpty()) {
      throw invalid("the reference has no registry: write oci://HOST/REPOSITORY:TAG");
    }
    if (registry.contains("@")) {
      throw invalid(
          "a reference holds no user and no password: log in with docker login, podman login or"
              + " oras login");
    }
    if (!registry.contains(".") && !registry.contains(":") && !registry.equals("localhost")) {
      throw invalid(
          shown(registry)
              + " is not taken for a host, since other tools read it as a part of the repository:"
              + " write oci://HOST/"
              + shown(registry + "/" + repository)
              + ", or give its port as in "
              + shown(registry)
              + ":443");
    }
    try {
      FetchUrl.parse("https://" + registry + "/");
    } catch (IllegalArgumentException e) {
      throw invalid(
          "the registry "
              + shown(registry)
              + " is not a host with an optional port, such as registry.example.com or"
              + " localhost:5000");
    }
    if (registry.endsWith(":") || registry.indexOf('?') >= 0 || registry.indexOf('#') >= 0) {
      throw invalid("the registry " + shown(registry) + " is not a host with an optional port");
    }
  }

  private static RegistryException invalid(String message) {
    return new RegistryException(RegistryException.Kind.REFERENCE, message);
  }

  private static String shown(String text) {
    return PlainText.of(text, MAX_SHOWN);
  }

  /** This repository, with another tag and no digest. */
  public OciReference withTag(String newTag) {
    return new OciReference(registry, repository, Optional.of(newTag), Optional.empty());
  }

  /** This reference with a digest; the tag is kept. */
  public OciReference withDigest(String newDigest) {
    return new OciReference(registry, repository, tag, Optional.of(newDigest));
  }

  /** Without tag and digest: {@code oci://HOST/REPOSITORY}. */
  public String origin() {
    return SCHEME + registry + "/" + repository;
  }

  @Override
  public String toString() {
    return origin()
        + tag.map(given -> ":" + given).orElse("")
        + digest.map(given -> "@" + given).orElse("");
  }
}
