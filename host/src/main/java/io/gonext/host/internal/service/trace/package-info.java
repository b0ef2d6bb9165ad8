/** {@code gn_span_event}: what plugins add to the spans of their calls. */
@NullMarked
package io.gonext.host.internal.service.trace;

import org.jspecify.annotations.NullMarked;
