/**
 * WebAssembly for the host: admission check, compile, linear memory, instances, limits, traps.
 *
 * <p>{@link io.gonext.engine.Engine#compile} reads a module's bytes with our own reader before the
 * WebAssembly engine's parser sees them, and returns a {@link io.gonext.engine.CompiledModule},
 * which all threads may share. {@link io.gonext.engine.CompiledModule#instantiate} creates a {@link
 * io.gonext.engine.GuestInstance}, which belongs to one thread at a time. {@link
 * io.gonext.engine.GuestInstance#run} calls into it under one deadline, and {@link
 * io.gonext.engine.GuestInstance#reset} restores its state after start-up.
 *
 * <p>The packages below this one are internal: other modules must not use them.
 */
@NullMarked
package io.gonext.engine;

import org.jspecify.annotations.NullMarked;
