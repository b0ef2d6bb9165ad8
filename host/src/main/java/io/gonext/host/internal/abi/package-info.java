/** The guest ABI v1: what a module must export and may import, and how a hook is called. */
@NullMarked
package io.gonext.host.internal.abi;

import org.jspecify.annotations.NullMarked;
