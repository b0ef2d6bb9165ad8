package io.gonext.host.internal.service.http;

import java.util.List;

/** A host has addresses, and plugins may connect to none of them. */
public final class BlockedAddressException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Has no stack trace, because guests can cause it at each call. */
  BlockedAddressException(String host, List<String> addresses) {
    super(host + " is at " + String.join(", ", addresses), null, false, false);
  }
}
