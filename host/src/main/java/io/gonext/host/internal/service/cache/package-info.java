/** The service {@code gn_cache_invalidate}: an outbox that every host reads. */
@NullMarked
package io.gonext.host.internal.service.cache;

import org.jspecify.annotations.NullMarked;
