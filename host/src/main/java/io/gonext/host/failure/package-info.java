/** Everything that a caller of the host can be told to have gone wrong. */
@NullMarked
package io.gonext.host.failure;

import org.jspecify.annotations.NullMarked;
