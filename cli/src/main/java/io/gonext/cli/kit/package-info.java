/**
 * What authors of plugins need beside {@code gonext plugin dev}: check, pack, call and the like.
 */
@NullMarked
package io.gonext.cli.kit;

import org.jspecify.annotations.NullMarked;
