/** {@code gn_metric_observe}: metrics that plugins declare and record. */
@NullMarked
package io.gonext.host.internal.service.metrics;

import org.jspecify.annotations.NullMarked;
