package io.gonext.host;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A plugin as the store knows it, without its bundles.
 *
 * @param current the version that serves, or would
 * @param previous the version that was replaced last, while it is kept for a rollback
 * @param replacedAt when {@code previous} was replaced; null without one
 * @param pending a version that waits for its capabilities to be approved
 * @param cause why it is {@link PluginState#ERRORED}; null in every other state
 * @param revision counts the changes of this plugin; the store changes only the revision it was
 *     shown
 */
public record StoredPlugin(
    String name,
    PluginState state,
    StoredVersion current,
    @Nullable StoredVersion previous,
    @Nullable Instant replacedAt,
    @Nullable StoredVersion pending,
    @Nullable String cause,
    long revision) {
  public StoredPlugin {
    if ((previous == null) != (replacedAt == null)) {
      throw new IllegalArgumentException("a previous version has the time it was replaced");
    }
    if (cause != null && state != PluginState.ERRORED) {
      throw new IllegalArgumentException("only an ERRORED plugin has a cause");
    }
  }

  /** The version with a bundle of this SHA-256, when the store has it. */
  public Optional<StoredVersion> version(String sha256) {
    return Stream.of(current, previous, pending)
        .filter(Objects::nonNull)
        .filter(version -> version.sha256().equals(sha256))
        .findFirst();
  }

  /** Its name and the version that serves, such as {@code hello@1.0.0}. */
  public String id() {
    return name + "@" + current.version();
  }
}
