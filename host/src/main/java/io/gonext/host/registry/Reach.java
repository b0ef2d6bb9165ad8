package io.gonext.host.registry;

import io.gonext.host.internal.service.http.AddressPolicy;

/** Which addresses a request may connect to. The tag of the request in the HTTP client. */
enum Reach {
  /** All: the operator named the registry, or what named the URL is itself not public. */
  ALL,

  /**
   * Public ones: a registry at a public address named the URL, in a redirect say. So a registry on
   * the internet cannot send the host to what only the host can reach.
   */
  PUBLIC;

  AddressPolicy policy() {
    return this == ALL ? AddressPolicy.all() : AddressPolicy.publicOnly();
  }
}
