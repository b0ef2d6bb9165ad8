@NullMarked
package io.gonext.engine.names;

import org.jspecify.annotations.NullMarked;
