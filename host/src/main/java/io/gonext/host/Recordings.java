package io.gonext.host;

import io.gonext.host.internal.lifecycle.CallRecorders;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.recording.Recording;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Records calls of plugins, so that they can be made again elsewhere: {@link Replay}. Off until an
 * operator asks for it, for one plugin; then it costs a call the copy of what host functions read
 * and write.
 *
 * <p>Recordings are in memory, for each plugin at most 64 and 16 MiB. The oldest make room, but the
 * last of each outcome stays. They are dropped when the plugin is uninstalled. They hold what
 * callers sent to the plugin. The secrets that the plugin read are replaced by marks.
 *
 * <p>Thread-safe.
 */
public final class Recordings {
  private final Lifecycle lifecycle;
  private final CallRecorders recorders;
  private final ChangeRecord record;

  Recordings(Lifecycle lifecycle, CallRecorders recorders, ChangeRecord record) {
    this.lifecycle = lifecycle;
    this.recorders = recorders;
    this.record = record;
  }

  /**
   * From the next call on, records calls of a plugin, of later versions too, until this host is
   * closed. A second start changes the policy.
   *
   * @throws ConflictException when the plugin is not in service
   */
  public void start(String plugin, RecordingPolicy policy) {
    if (lifecycle.active(plugin).isEmpty()) {
      throw new ConflictException(
          plugin + " is not in service, so it has no calls: activate it first");
    }
    recorders.of(plugin).start(policy);
    ObjectNode detail =
        ChangeRecord.detail().put("failures", policy.failures()).put("every", policy.every());
    policy.slow().ifPresent(least -> detail.put("slow_ms", least.toMillis()));
    record.done("recording_started", plugin, detail);
  }

  /** Ends the recording of a plugin. What was kept stays. */
  public void stop(String plugin) {
    if (recorders.of(plugin).policy().isPresent()) {
      recorders.of(plugin).stop();
      record.done("recording_stopped", plugin, ChangeRecord.detail());
    }
  }

  /** What is recorded of a plugin now; empty when nothing is. */
  public Optional<RecordingPolicy> policy(String plugin) {
    return recorders.of(plugin).policy();
  }

  /** The recordings of a plugin, newest first. */
  public List<RecordingInfo> list(String plugin) {
    return recorders.of(plugin).list();
  }

  /** A recording of a plugin, if it is still there. */
  public Optional<Recording> get(String plugin, long id) {
    return recorders.of(plugin).get(id);
  }
}
