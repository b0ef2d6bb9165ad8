package io.gonext.host;

import java.time.Instant;
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

  /**
   * A plugin that was just installed. Its revisions count from the time of that, so that it is
   * never taken for one of the same name that was removed before.
   */
  public static StoredPlugin installed(String name, StoredVersion version) {
    return new StoredPlugin(
        name,
        PluginState.INSTALLED,
        version,
        null,
        null,
        null,
        null,
        version.installedAt().toEpochMilli());
  }

  /** Its name and the version that serves, such as {@code hello@1.0.0}. */
  public String id() {
    return name + "@" + current.version();
  }

  /**
   * In another state.
   *
   * @throws IllegalStateException when there is no way from this state to that one
   */
  public StoredPlugin in(PluginState next) {
    state.requireMoveTo(next);
    return new StoredPlugin(name, next, current, previous, replacedAt, pending, null, revision);
  }

  /** Out of order, and why. */
  public StoredPlugin errored(String why) {
    state.requireMoveTo(PluginState.ERRORED);
    return new StoredPlugin(
        name, PluginState.ERRORED, current, previous, replacedAt, pending, why, revision);
  }

  /** With another version in place of the current one, which is kept; nothing is pending then. */
  public StoredPlugin replacedBy(StoredVersion next, Instant now) {
    return new StoredPlugin(name, state, next, current, now, null, cause, revision);
  }

  /** With a version that waits, in place of one that does already. */
  public StoredPlugin awaiting(StoredVersion next) {
    return new StoredPlugin(name, state, current, previous, replacedAt, next, cause, revision);
  }

  /** Without the version that waits. */
  public StoredPlugin withoutPending() {
    return new StoredPlugin(name, state, current, previous, replacedAt, null, cause, revision);
  }

  /** Without the version that was kept for a rollback. */
  public StoredPlugin withoutPrevious() {
    return new StoredPlugin(name, state, current, null, null, pending, cause, revision);
  }
}
