/** What every command prints with {@code --json}. */
@NullMarked
package io.gonext.cli.json;

import org.jspecify.annotations.NullMarked;
