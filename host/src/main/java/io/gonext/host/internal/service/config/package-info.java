/** The configuration of plugins: an operator sets values, a guest reads them. */
@NullMarked
package io.gonext.host.internal.service.config;

import org.jspecify.annotations.NullMarked;
