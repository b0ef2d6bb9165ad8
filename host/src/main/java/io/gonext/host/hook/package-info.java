/** The hook bus: filters and actions by priority. */
@NullMarked
package io.gonext.host.hook;

import org.jspecify.annotations.NullMarked;
