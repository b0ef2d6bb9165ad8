/** Plugins in OCI registries: references, and a client that pushes, pulls and copies them. */
@NullMarked
package io.gonext.host.registry;

import org.jspecify.annotations.NullMarked;
