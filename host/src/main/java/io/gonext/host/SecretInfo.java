package io.gonext.host;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A secret of a plugin, without its value.
 *
 * @param required whether the plugin starts only when the secret has a value
 * @param injectOnly whether the plugin cannot read it: the host puts it into HTTP requests
 * @param hosts the origins of HTTP requests that may carry it
 * @param requested whether the manifest of the installed version names it; a value of one that it
 *     no longer names is kept until it is deleted
 * @param setAt when its value was last set; empty if it has none
 */
public record SecretInfo(
    String name,
    boolean required,
    boolean injectOnly,
    List<String> hosts,
    boolean requested,
    Optional<Instant> setAt) {
  public SecretInfo {
    hosts = List.copyOf(hosts);
  }
}
