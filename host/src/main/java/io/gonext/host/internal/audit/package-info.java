/** What happened to plugins and what they did that an operator may want to know later. */
@NullMarked
package io.gonext.host.internal.audit;

import org.jspecify.annotations.NullMarked;
