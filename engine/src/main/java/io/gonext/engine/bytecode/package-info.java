/**
 * Rewrites the bytecode that the WebAssembly compiler emits: memory accesses, comparisons, and line
 * numbers. Internal to the engine: other modules must not use it.
 */
@NullMarked
package io.gonext.engine.bytecode;

import org.jspecify.annotations.NullMarked;
