/**
 * Demangles the function names that compilers write into modules. Internal to the engine: other
 * modules must not use it.
 */
@NullMarked
package io.gonext.engine.names;

import org.jspecify.annotations.NullMarked;
