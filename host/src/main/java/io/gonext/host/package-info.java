/**
 * The plugin host: {@link io.gonext.host.Host} is the entry point, {@link
 * io.gonext.host.HostConfig} its settings; the other types are their arguments, results and
 * exceptions.
 *
 * <p>Users of the host need this package, {@link io.gonext.host.hook}, {@link io.gonext.host.json}
 * and {@link io.gonext.host.manifest}. Packages under {@code io.gonext.host.internal} may change in
 * any release.
 */
@NullMarked
package io.gonext.host;

import org.jspecify.annotations.NullMarked;
