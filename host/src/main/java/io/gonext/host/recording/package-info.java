/**
 * Recorded calls of plugins: {@link io.gonext.host.Recordings} makes them, and {@link
 * io.gonext.host.Replay} makes the calls again.
 */
@NullMarked
package io.gonext.host.recording;

import org.jspecify.annotations.NullMarked;
