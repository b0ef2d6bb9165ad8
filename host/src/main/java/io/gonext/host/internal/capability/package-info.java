/** What plugins may be allowed to do, and what an operator allowed each of them. */
@NullMarked
package io.gonext.host.internal.capability;

import org.jspecify.annotations.NullMarked;
