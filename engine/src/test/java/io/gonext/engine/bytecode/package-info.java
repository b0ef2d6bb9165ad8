@NullMarked
package io.gonext.engine.bytecode;

import org.jspecify.annotations.NullMarked;
