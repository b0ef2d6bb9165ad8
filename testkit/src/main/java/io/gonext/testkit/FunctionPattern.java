package io.gonext.testkit;

import java.util.Optional;

/**
 * Which calls of a function of the application an entry of a {@link Script} answers. Immutable.
 *
 * @param name of the function, such as {@code posts.find}
 * @param capability what a plugin needs to call it
 * @param request what the request must be; empty for any
 */
public record FunctionPattern(String name, String capability, Optional<Expected> request) {
  /** The same function, which takes another capability than one of its name. */
  public FunctionPattern capability(String id) {
    return new FunctionPattern(name, id, request);
  }

  /** Calls with a request as expected. */
  public FunctionPattern request(String json) {
    return request(Expected.of(json));
  }

  /** Calls with a request as expected. */
  public FunctionPattern request(Expected expected) {
    return new FunctionPattern(name, capability, Optional.of(expected));
  }

  @Override
  public String toString() {
    return name + request.map(expected -> " with the request " + expected).orElse("");
  }
}
