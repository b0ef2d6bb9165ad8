/** The hook bus: runs the handlers of a filter or action in the order of their priorities. */
@NullMarked
package io.gonext.host.internal.hook;

import org.jspecify.annotations.NullMarked;
