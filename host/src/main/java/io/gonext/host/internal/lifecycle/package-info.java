/** The life of a plugin: installed, active, inactive, gone. */
@NullMarked
package io.gonext.host.internal.lifecycle;

import org.jspecify.annotations.NullMarked;
