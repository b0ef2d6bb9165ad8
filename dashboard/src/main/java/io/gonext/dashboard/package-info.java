/**
 * Pages of a host for people: server-rendered HTML over the public API of {@code io.gonext.host},
 * as a servlet. It knows neither the server nor Javalin.
 */
@NullMarked
package io.gonext.dashboard;

import org.jspecify.annotations.NullMarked;
