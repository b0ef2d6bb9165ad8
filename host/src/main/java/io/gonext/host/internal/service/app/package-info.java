/** Functions of the embedding application, which plugins may call. */
@NullMarked
package io.gonext.host.internal.service.app;

import org.jspecify.annotations.NullMarked;
