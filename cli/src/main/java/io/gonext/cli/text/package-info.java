/** Text for people. */
@NullMarked
package io.gonext.cli.text;

import org.jspecify.annotations.NullMarked;
