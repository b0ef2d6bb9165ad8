package io.gonext.host.internal.store;

import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a change makes of a plugin as it was read: the row for {@link PluginStore#change}. */
public final class NextRevision {
  private NextRevision() {}

  /**
   * A plugin that was just installed. Its revisions count from the time of that, so that it is
   * never taken for one of the same name that was removed before.
   */
  static StoredPlugin installed(String name, StoredVersion version) {
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

  /**
   * The plugin in another state.
   *
   * @throws IllegalStateException when the plugin cannot go from its state to that one
   */
  public static StoredPlugin in(StoredPlugin read, PluginState next) {
    return moved(read, next, null);
  }

  /** The plugin taken out of service by the host, and why. */
  public static StoredPlugin errored(StoredPlugin read, String cause) {
    return moved(read, PluginState.ERRORED, cause);
  }

  private static StoredPlugin moved(StoredPlugin read, PluginState next, @Nullable String cause) {
    if (!read.state().mayMoveTo(next)) {
      throw new IllegalStateException("a plugin cannot go from " + read.state() + " to " + next);
    }
    return new StoredPlugin(
        read.name(),
        next,
        read.current(),
        read.previous(),
        read.replacedAt(),
        read.pending(),
        cause,
        read.revision());
  }

  /** With another version in place of the current one, which is kept; nothing is pending then. */
  public static StoredPlugin replacedBy(StoredPlugin read, StoredVersion next, Instant now) {
    return new StoredPlugin(
        read.name(), read.state(), next, read.current(), now, null, read.cause(), read.revision());
  }

  /** With a version that waits for approval, in place of one that already waits. */
  public static StoredPlugin awaiting(StoredPlugin read, StoredVersion next) {
    return pending(read, next);
  }

  /** Without the version that waits for approval. */
  public static StoredPlugin withoutPending(StoredPlugin read) {
    return pending(read, null);
  }

  private static StoredPlugin pending(StoredPlugin read, @Nullable StoredVersion pending) {
    return new StoredPlugin(
        read.name(),
        read.state(),
        read.current(),
        read.previous(),
        read.replacedAt(),
        pending,
        read.cause(),
        read.revision());
  }

  /** Without the version that was kept for a rollback. */
  public static StoredPlugin withoutPrevious(StoredPlugin read) {
    return new StoredPlugin(
        read.name(),
        read.state(),
        read.current(),
        null,
        null,
        read.pending(),
        read.cause(),
        read.revision());
  }
}
