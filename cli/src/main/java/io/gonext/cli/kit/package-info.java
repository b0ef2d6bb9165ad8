/** The commands of plugin authors, except {@code gonext plugin dev}, and {@code gonext doctor}. */
@NullMarked
package io.gonext.cli.kit;

import org.jspecify.annotations.NullMarked;
