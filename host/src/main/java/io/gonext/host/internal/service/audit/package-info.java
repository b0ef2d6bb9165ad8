/** The service {@code gn_audit_emit}: a plugin's own events in the audit log. */
@NullMarked
package io.gonext.host.internal.service.audit;

import org.jspecify.annotations.NullMarked;
