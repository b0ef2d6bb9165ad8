@NullMarked
package io.gonext.conformance;

import org.jspecify.annotations.NullMarked;
