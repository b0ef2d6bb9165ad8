@NullMarked
package io.gonext.host;

import org.jspecify.annotations.NullMarked;
