@NullMarked
package io.gonext.engine.dwarf;

import org.jspecify.annotations.NullMarked;
