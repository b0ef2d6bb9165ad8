/** What an operator says to a running host: one command a class, over its admin API. */
@NullMarked
package io.gonext.cli.admin;

import org.jspecify.annotations.NullMarked;
