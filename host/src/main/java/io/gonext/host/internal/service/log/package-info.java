/** The services {@code gn_log}, {@code console.*} and {@code trace}: lines for the plugin's log. */
@NullMarked
package io.gonext.host.internal.service.log;

import org.jspecify.annotations.NullMarked;
