/** The service {@code gn_kv_*}: a plugin's key-value entries. */
@NullMarked
package io.gonext.host.internal.service.kv;

import org.jspecify.annotations.NullMarked;
