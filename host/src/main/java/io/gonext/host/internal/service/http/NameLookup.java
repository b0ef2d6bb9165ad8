package io.gonext.host.internal.service.http;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Finds the addresses of a host. */
@FunctionalInterface
public interface NameLookup {
  /**
   * Finds all addresses; may block for long.
   *
   * @param host a name, or an address as text
   */
  InetAddress[] addresses(String host) throws UnknownHostException;
}
