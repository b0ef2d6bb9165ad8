/** Hooks as an application sees them: its own handlers, options and results of calls. */
@NullMarked
package io.gonext.host.hook;

import org.jspecify.annotations.NullMarked;
