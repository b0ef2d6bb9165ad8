@NullMarked
package io.gonext.engine;

import org.jspecify.annotations.NullMarked;
