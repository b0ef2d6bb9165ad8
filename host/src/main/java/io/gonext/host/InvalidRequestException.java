package io.gonext.host;

/**
 * A {@link HostFunctionHandler} cannot read its request, which is the fault of the plugin: the
 * plugin gets the status "bad arguments", and its log the message.
 */
public final class InvalidRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * A refusal of a request.
   *
   * @param message what is wrong, for the plugin's author
   */
  public InvalidRequestException(String message) {
    // An ordinary event, told by its message.
    super(message, null, true, false);
  }
}
