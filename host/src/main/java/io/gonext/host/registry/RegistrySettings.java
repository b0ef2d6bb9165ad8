package io.gonext.host.registry;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which registries may be asked, and how.
 *
 * @param allowed the registries that may be asked; none at all when it is empty
 * @param mirrors are asked first when something is pulled, in this order
 * @param plainHttp the registries, as host and port, that speak HTTP without TLS; loopback always
 *     does
 * @param dockerConfig Docker's {@code config.json}, which has the credentials; need not exist
 * @param timeout of a whole pull, push or copy
 * @param proxies by which registries are reached; none at all unless they are set
 * @param authorities a PEM file with certificates of authorities that are trusted beside those of
 *     the JDK
 */
public record RegistrySettings(
    List<RegistryPattern> allowed,
    List<RegistryMirror> mirrors,
    Set<String> plainHttp,
    Path dockerConfig,
    Duration timeout,
    RegistryProxies proxies,
    Optional<Path> authorities) {
  /** {@link #timeout} unless it is set: 2 min. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);

  /** Copies the collections. */
  public RegistrySettings {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a timeout is longer than nothing");
    }
    allowed = List.copyOf(allowed);
    mirrors = List.copyOf(mirrors);
    plainHttp = Set.copyOf(plainHttp);
  }

  /** No registry at all, which is what a host starts with. */
  public static RegistrySettings none() {
    return builder().build();
  }

  /** Starts from no allowed registry, no mirror, and the credentials of Docker's usual file. */
  public static Builder builder() {
    return new Builder();
  }

  /** {@code $DOCKER_CONFIG/config.json}, or {@code ~/.docker/config.json}. */
  private static Path usualDockerConfig() {
    String directory = System.getenv("DOCKER_CONFIG");
    return (directory == null || directory.isEmpty()
            ? Path.of(System.getProperty("user.home", ""), ".docker")
            : Path.of(directory))
        .resolve("config.json");
  }

  /** Collects the settings. Not thread-safe. */
  public static final class Builder {
    private final List<RegistryPattern> allowed = new ArrayList<>();
    private final List<RegistryMirror> mirrors = new ArrayList<>();
    private final Set<String> plainHttp = new LinkedHashSet<>();
    private Path dockerConfig = usualDockerConfig();
    private Duration timeout = DEFAULT_TIMEOUT;
    private RegistryProxies proxies = RegistryProxies.NONE;
    private Optional<Path> authorities = Optional.empty();

    private Builder() {}

    /** Adds to {@link RegistrySettings#allowed}. */
    public Builder allow(RegistryPattern pattern) {
      allowed.add(pattern);
      return this;
    }

    /** Adds to {@link RegistrySettings#mirrors}. */
    public Builder mirror(RegistryMirror mirror) {
      mirrors.add(mirror);
      return this;
    }

    /** Adds to {@link RegistrySettings#plainHttp}. */
    public Builder plainHttp(String registry) {
      plainHttp.add(registry);
      return this;
    }

    /** Sets {@link RegistrySettings#dockerConfig}. */
    public Builder dockerConfig(Path file) {
      this.dockerConfig = file;
      return this;
    }

    /** Sets {@link RegistrySettings#timeout}. */
    public Builder timeout(Duration timeout) {
      this.timeout = timeout;
      return this;
    }

    /** Sets {@link RegistrySettings#proxies}. */
    public Builder proxies(RegistryProxies proxies) {
      this.proxies = proxies;
      return this;
    }

    /** Sets {@link RegistrySettings#authorities}. */
    public Builder authorities(Path pem) {
      this.authorities = Optional.of(pem);
      return this;
    }

    public RegistrySettings build() {
      return new RegistrySettings(
          allowed, mirrors, plainHttp, dockerConfig, timeout, proxies, authorities);
    }
  }
}
