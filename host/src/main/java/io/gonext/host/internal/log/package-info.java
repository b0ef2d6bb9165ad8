/** The log lines of plugins: where they go, who listens, and the last ones of each plugin. */
@NullMarked
package io.gonext.host.internal.log;

import org.jspecify.annotations.NullMarked;
