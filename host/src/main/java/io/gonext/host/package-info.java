/** The plugin host: {@link io.gonext.host.Host} is the way in. */
@NullMarked
package io.gonext.host;

import org.jspecify.annotations.NullMarked;
