/** Strict JSON: what crosses the boundary to a guest, a client or a bundle is read here. */
@NullMarked
package io.gonext.host.json;

import org.jspecify.annotations.NullMarked;
