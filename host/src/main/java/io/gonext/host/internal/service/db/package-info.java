/** SQL of plugins, each in a schema of its own, and the migrations of these schemas. */
@NullMarked
package io.gonext.host.internal.service.db;

import org.jspecify.annotations.NullMarked;
