/** The secrets of plugins: encrypted at rest, decrypted for one call at a time. */
@NullMarked
package io.gonext.host.internal.service.secrets;

import org.jspecify.annotations.NullMarked;
