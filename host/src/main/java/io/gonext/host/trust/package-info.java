/** Whose code a bundle is: signatures, publishers' keys, and what an operator trusts. */
@NullMarked
package io.gonext.host.trust;

import org.jspecify.annotations.NullMarked;
