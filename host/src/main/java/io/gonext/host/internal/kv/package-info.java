/** The key-value entries of plugins, as their host functions reach them. */
@NullMarked
package io.gonext.host.internal.kv;

import org.jspecify.annotations.NullMarked;
