/** What plugins enqueue: jobs and schedules. {@code internal.jobs} runs them. */
@NullMarked
package io.gonext.host.internal.service.jobs;

import org.jspecify.annotations.NullMarked;
