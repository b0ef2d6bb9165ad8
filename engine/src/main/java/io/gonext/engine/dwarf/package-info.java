/**
 * Reads the source lines of a module from its DWARF debug information. Internal to the engine:
 * other modules must not use it.
 */
@NullMarked
package io.gonext.engine.dwarf;

import org.jspecify.annotations.NullMarked;
