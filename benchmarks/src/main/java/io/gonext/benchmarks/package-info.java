@NullMarked
package io.gonext.benchmarks;

import org.jspecify.annotations.NullMarked;
