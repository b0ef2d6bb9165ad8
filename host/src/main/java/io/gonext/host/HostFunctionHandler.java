package io.gonext.host;

import org.jspecify.annotations.Nullable;

/** The code of a {@link HostFunctionSpec}. Several threads call it at once. */
@FunctionalInterface
public interface HostFunctionHandler {
  /**
   * Answers a plugin. Runs on the thread that called the plugin. The host interrupts the thread at
   * the plugin's deadline; a handler that ignores this holds only its caller.
   *
   * @return anything with a JSON form, of at most 1 MiB as JSON; null for JSON's null
   * @throws InvalidRequestException when the request is at fault; the plugin's log has the message
   * @throws Exception when there is no answer; the plugin sees a status, and only the host's log
   *     has the exception
   */
  @Nullable Object handle(HostFunctionCall call) throws Exception;
}
