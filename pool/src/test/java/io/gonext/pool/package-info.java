@NullMarked
package io.gonext.pool;

import org.jspecify.annotations.NullMarked;
