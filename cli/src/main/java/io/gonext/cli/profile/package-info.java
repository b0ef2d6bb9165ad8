/** Profiles of plugins as text and as files: flame graphs, pprof, collapsed stacks. */
@NullMarked
package io.gonext.cli.profile;

import org.jspecify.annotations.NullMarked;
