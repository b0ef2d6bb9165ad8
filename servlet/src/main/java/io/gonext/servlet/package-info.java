/** The routes of plugins as a servlet or a filter, for any servlet container. */
@NullMarked
package io.gonext.servlet;

import org.jspecify.annotations.NullMarked;
