/** The HTTP server of a {@link io.gonext.host.Host}. */
@NullMarked
package io.gonext.server;

import org.jspecify.annotations.NullMarked;
