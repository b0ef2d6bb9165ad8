/** What commands print: text for people, JSON for scripts, and failures. */
@NullMarked
package io.gonext.cli.output;

import org.jspecify.annotations.NullMarked;
