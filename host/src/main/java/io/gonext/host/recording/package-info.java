/**
 * Recorded calls of plugins, and their replay: {@link io.gonext.host.recording.Recording}, which
 * {@link io.gonext.host.Recordings} makes, and {@link io.gonext.host.recording.Replay}.
 */
@NullMarked
package io.gonext.host.recording;

import org.jspecify.annotations.NullMarked;
