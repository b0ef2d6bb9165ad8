@NullMarked
package io.gonext.cli;

import org.jspecify.annotations.NullMarked;
