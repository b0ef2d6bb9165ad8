package io.gonext.host;

import io.gonext.host.internal.lifecycle.CallRecorders;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.recording.Recording;
import java.util.List;
import java.util.Optional;

/**
 * Records calls of plugins, so that they can be made again elsewhere: {@link
 * io.gonext.host.recording.Replay}. Off until an operator asks for it, for one plugin; then it
 * costs a call the copy of what host functions read and write.
 *
 * <p>Recordings are in memory, for each plugin at most 64 and 16 MiB. The oldest make room, but the
 * last of each outcome stays. They hold what callers sent to the plugin. The secrets that the
 * plugin read are replaced by marks.
 *
 * <p>Thread-safe.
 */
public final class Recordings {
  private final Lifecycle lifecycle;
  private final CallRecorders recorders;

  Recordings(Lifecycle lifecycle, CallRecorders recorders) {
    this.lifecycle = lifecycle;
    this.recorders = recorders;
  }

  /**
   * From the next call on, records calls of a plugin, of later versions too, until this host is
   * closed. A second start changes the policy.
   *
   * @throws UnknownPluginException when there is no such plugin in service
   * @throws RecordingException when its instances keep state between calls
   */
  public void start(String plugin, RecordingPolicy policy) {
    Manifest manifest =
        lifecycle
            .active(plugin)
            .map(PluginSlot::manifest)
            .orElseThrow(() -> new UnknownPluginException(plugin));
    if (manifest.limits().isolation() == Manifest.Isolation.REUSED) {
      throw new RecordingException(
          plugin
              + " keeps state between calls (\"isolation\": \"reused\"), so its calls cannot be"
              + " made again alone and are not recorded");
    }
    recorders.of(plugin).start(policy);
  }

  /** Ends the recording of a plugin. What was kept stays. */
  public void stop(String plugin) {
    recorders.of(plugin).stop();
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
