package io.gonext.host;

import java.time.Duration;
import java.util.List;

/** What an update or a rollback did. */
public sealed interface UpdateResult {
  /** The same bundle is the current version already; nothing was done. */
  record Unchanged(String version) implements UpdateResult {}

  /**
   * The version took the place of another, in service if the plugin is.
   *
   * @param swap from the moment the new version was warm until the last pointer had moved; zero
   *     when the plugin is not in service
   * @param warmUpCalls calls that exercised the new version before the switch
   * @param warnings what loads but will not work, a sentence each
   */
  record Replaced(
      String from, String to, String sha256, Duration swap, long warmUpCalls, List<String> warnings)
      implements UpdateResult {
    public Replaced {
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * The version is stored and waits, because it requests more than was granted, reaches more than
   * the current version, or cannot serve yet. The old version stays.
   *
   * @param capabilities how the capabilities and their reach differ from the current version's
   * @param obstacles why it cannot serve yet, a sentence each: such as a configuration that does
   *     not match its schema
   */
  record AwaitingApproval(
      String from, String to, String sha256, CapabilityChanges capabilities, List<String> obstacles)
      implements UpdateResult {
    public AwaitingApproval {
      obstacles = List.copyOf(obstacles);
    }
  }
}
