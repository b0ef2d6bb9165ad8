/**
 * From a plugin's project to a module: its language, the tools that build it on this machine, and
 * the files that the build reads.
 */
@NullMarked
package io.gonext.cli.build;

import org.jspecify.annotations.NullMarked;
