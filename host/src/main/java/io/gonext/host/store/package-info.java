/** What survives a restart. */
@NullMarked
package io.gonext.host.store;

import org.jspecify.annotations.NullMarked;
