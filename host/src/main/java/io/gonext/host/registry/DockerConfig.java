package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * The credentials of Docker's {@code config.json}, which {@code docker login}, {@code podman login}
 * and {@code oras login} write. It is read anew each time, since a login changes it.
 *
 * <p>Thread-safe.
 */
final class DockerConfig {
  private static final int MAX_BYTES = 1024 * 1024;

  /** The name of Docker Hub in the file. */
  private static final String HUB = "https://index.docker.io/v1/";

  private final Path file;
  private final CredentialProgram helper;

  DockerConfig(Path file, CredentialProgram helper) {
    this.file = file;
    this.helper = helper;
  }

  /**
   * The credential for a registry: from its own helper, from the helper for all, or from the file.
   *
   * @param registry host and port
   * @throws RegistryException when the file or the helper cannot be used
   */
  Optional<Credential> find(String registry) throws InterruptedException {
    JsonNode config = read();
    String server = registry.equals("docker.io") ? HUB : registry;
    JsonNode own = config.path("credHelpers").path(registry);
    JsonNode name = own.isMissingNode() ? config.path("credsStore") : own;
    if (!name.asString("").isEmpty()) {
      Optional<Credential> kept = helper.ask(name.asString(""), server);
      if (kept.isPresent()) {
        return kept;
      }
    }
    return entry(config.path("auths"), server).flatMap(entry -> credential(entry, registry));
  }

  private JsonNode read() {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      return MissingNode.getInstance();
    } catch (IOException e) {
      throw unusable("cannot be read: " + e.getMessage());
    }
    if (bytes.length > MAX_BYTES) {
      throw unusable("has more than 1 MiB");
    }
    try {
      return StrictJson.parse(bytes);
    } catch (InvalidJsonException e) {
      throw unusable("is not JSON: " + e.getMessage());
    }
  }

  /** By its exact name, or else by a URL of the same host without a path of a repository. */
  private static Optional<JsonNode> entry(JsonNode auths, String server) {
    JsonNode exact = auths.path(server);
    if (!exact.isMissingNode()) {
      return Optional.of(exact);
    }
    return auths.properties().stream()
        .filter(entry ->
            entry
                .getKey()
                .replaceFirst("^https?://", "")
                .replaceFirst("/(v[12]/?)?$", "")
                .equals(server))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private Optional<Credential> credential(JsonNode entry, String registry) {
    String identity = entry.path("identitytoken").asString("");
    if (!identity.isEmpty()) {
      return Optional.of(new Credential.Identity(identity));
    }
    String bearer = entry.path("registrytoken").asString("");
    if (!bearer.isEmpty()) {
      return Optional.of(new Credential.Bearer(bearer));
    }
    String user = entry.path("username").asString("");
    String password = entry.path("password").asString("");
    String auth = entry.path("auth").asString("");
    if (!auth.isEmpty()) {
      String login;
      try {
        login = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw unusable("has no base64 in \"auth\" of " + registry + ": log in again");
      }
      int colon = login.indexOf(':');
      if (colon < 0) {
        throw unusable("has no user and password in \"auth\" of " + registry + ": log in again");
      }
      user = login.substring(0, colon);
      // Docker pads passwords with NUL when it moves them between its stores.
      password = login.substring(colon + 1).replaceAll("\0+$", "");
    }
    // A helper keeps the login of an entry that has none.
    return user.isEmpty() && password.isEmpty()
        ? Optional.empty()
        : Optional.of(new Credential.Login(user, password));
  }

  private RegistryException unusable(String why) {
    return new RegistryException(
        RegistryException.Kind.UNAUTHORIZED, "the file of credentials " + file + " " + why);
  }

  /** The directories of {@code PATH}. */
  static List<Path> searchPath() {
    String path = System.getenv().getOrDefault("PATH", "");
    return List.of(path.split(File.pathSeparator, -1)).stream()
        .filter(directory -> !directory.isEmpty())
        .map(Path::of)
        .toList();
  }
}
