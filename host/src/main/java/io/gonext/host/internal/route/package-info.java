/** Plugin routes: HTTP requests as hook calls. */
@NullMarked
package io.gonext.host.internal.route;

import org.jspecify.annotations.NullMarked;
