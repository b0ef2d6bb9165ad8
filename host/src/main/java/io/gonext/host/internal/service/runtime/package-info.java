/** What the runtime of a guest's language needs: time, random numbers, panic and exit. */
@NullMarked
package io.gonext.host.internal.service.runtime;

import org.jspecify.annotations.NullMarked;
