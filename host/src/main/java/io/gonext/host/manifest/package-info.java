/** What a plugin declares: its bundle and its manifest. */
@NullMarked
package io.gonext.host.manifest;

import org.jspecify.annotations.NullMarked;
