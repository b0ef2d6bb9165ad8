/** What this process logs: the format of its lines, the level of each logger, the last lines. */
@NullMarked
package io.gonext.cli.log;

import org.jspecify.annotations.NullMarked;
