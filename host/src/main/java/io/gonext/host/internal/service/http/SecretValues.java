package io.gonext.host.internal.service.http;

import java.util.Optional;

/** Where the values of plugins' secrets come from. */
@FunctionalInterface
public interface SecretValues {
  /**
   * The value of a secret, which the caller clears; empty if there is none.
   *
   * @throws io.gonext.host.StoreException when it cannot be read
   */
  Optional<byte[]> value(String plugin, String secret);
}
