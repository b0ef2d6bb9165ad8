/** Measurements, side by side, started by {@code ./bench}. */
@NullMarked
package io.gonext.benchmarks;

import org.jspecify.annotations.NullMarked;
