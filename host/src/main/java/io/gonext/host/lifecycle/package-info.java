/** The life of a plugin: installed, active, inactive, gone. */
@NullMarked
package io.gonext.host.lifecycle;

import org.jspecify.annotations.NullMarked;
