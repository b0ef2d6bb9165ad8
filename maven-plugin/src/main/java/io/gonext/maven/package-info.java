/** Compiles WebAssembly modules in a build. */
@NullMarked
package io.gonext.maven;

import org.jspecify.annotations.NullMarked;
