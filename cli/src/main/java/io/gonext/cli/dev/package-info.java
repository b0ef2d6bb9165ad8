/** {@code gonext plugin dev}: build, upload, watch, hot-reload. */
@NullMarked
package io.gonext.cli.dev;

import org.jspecify.annotations.NullMarked;
