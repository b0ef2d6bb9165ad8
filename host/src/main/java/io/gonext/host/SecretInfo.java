package io.gonext.host;

import java.time.Instant;
import java.util.Optional;

/**
 * A secret of a plugin, without its value.
 *
 * @param required whether the plugin starts only when the secret has a value
 * @param requested whether the manifest of the installed version names it; a value of one that it
 *     no longer names is kept until it is deleted
 * @param setAt when its value was last set; empty if it has none
 */
public record SecretInfo(
    String name, boolean required, boolean requested, Optional<Instant> setAt) {}
