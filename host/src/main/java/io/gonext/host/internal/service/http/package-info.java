/** HTTP requests of plugins: which hosts and addresses they may reach, and the client. */
@NullMarked
package io.gonext.host.internal.service.http;

import org.jspecify.annotations.NullMarked;
