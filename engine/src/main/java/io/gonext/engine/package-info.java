/**
 * WebAssembly for the host: admission check, compile, linear memory, instances, limits, traps.
 *
 * <p>A module's bytes go through {@link io.gonext.engine.Engine#compile}, which reads them with our
 * own reader before the engine's parser sees a byte, and become a {@link
 * io.gonext.engine.CompiledModule} that every thread may share. {@link
 * io.gonext.engine.CompiledModule#instantiate} makes a {@link io.gonext.engine.GuestInstance},
 * which belongs to one thread at a time; {@link io.gonext.engine.GuestInstance#run} calls into it
 * under one deadline, and {@link io.gonext.engine.GuestInstance#reset} makes it as good as new.
 */
@NullMarked
package io.gonext.engine;

import org.jspecify.annotations.NullMarked;
