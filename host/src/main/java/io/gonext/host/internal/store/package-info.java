/** What survives a restart. */
@NullMarked
package io.gonext.host.internal.store;

import org.jspecify.annotations.NullMarked;
