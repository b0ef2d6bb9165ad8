package io.gonext.host.recording;

import io.gonext.engine.HostTrace;
import java.util.OptionalLong;

/**
 * One call of a hook or a job.
 *
 * @param isJob whether it is a job and not a hook
 * @param name the hook or the job; a route's calls have the hook {@code http.serve.PLUGIN}
 * @param payload what the plugin was given; not to be changed
 * @param trace what its host functions did
 * @param result what it ended with
 * @param fuel the units that it used, if the host counted them
 */
@SuppressWarnings("ArrayRecordComponent") // one large block, which nobody compares
public record RecordedCall(
    boolean isJob,
    String name,
    byte[] payload,
    HostTrace trace,
    RecordedResult result,
    OptionalLong fuel) {}
