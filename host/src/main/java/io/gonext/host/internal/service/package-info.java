/**
 * The functions that guests may import: {@code HostService} is implemented once in each package
 * below this one, and {@code HostFunctions} binds the services to the rows of the ABI's table.
 */
@NullMarked
package io.gonext.host.internal.service;

import org.jspecify.annotations.NullMarked;
