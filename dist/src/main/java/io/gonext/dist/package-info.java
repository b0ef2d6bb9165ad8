/** The build of what is installed: archives, packages of distributions, an image. */
@NullMarked
package io.gonext.dist;

import org.jspecify.annotations.NullMarked;
