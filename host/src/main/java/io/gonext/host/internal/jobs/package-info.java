/** Runs the jobs of plugins, by db-scheduler on the host's store. */
@NullMarked
package io.gonext.host.internal.jobs;

import org.jspecify.annotations.NullMarked;
