package io.gonext.host.internal.service.http;

import io.gonext.host.AddressRange;

/**
 * Addresses that plugins may reach although they are not public.
 *
 * @param port the one port, or 0 for all
 */
public record EgressException(AddressRange range, int port) {
  public EgressException {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("a port is from 1 to 65535, or 0 for all: " + port);
    }
  }
}
