@NullMarked
package io.gonext.server;

import org.jspecify.annotations.NullMarked;
