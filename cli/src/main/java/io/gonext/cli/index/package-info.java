/** An index: a file that says which plugins there are and where their bundles are. */
@NullMarked
package io.gonext.cli.index;

import org.jspecify.annotations.NullMarked;
