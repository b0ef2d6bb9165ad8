/** The {@code gonext} command: the only place with stdout, stderr and exit codes. */
@NullMarked
package io.gonext.cli;

import org.jspecify.annotations.NullMarked;
