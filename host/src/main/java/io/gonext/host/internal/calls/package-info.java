/** What plugins' calls came to: numbers and times of each handler, and a few calls in full. */
@NullMarked
package io.gonext.host.internal.calls;

import org.jspecify.annotations.NullMarked;
