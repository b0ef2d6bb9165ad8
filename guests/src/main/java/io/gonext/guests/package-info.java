/** Guest modules for tests: sources in {@code src/main/wat}, assembled by the build. */
@NullMarked
package io.gonext.guests;

import org.jspecify.annotations.NullMarked;
