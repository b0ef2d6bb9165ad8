/** The service {@code gn_event_emit}: events of plugins, and their delivery. */
@NullMarked
package io.gonext.host.internal.service.events;

import org.jspecify.annotations.NullMarked;
