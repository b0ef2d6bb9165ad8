package io.gonext.host.failure;

/**
 * A handler failed in a call that was to fail closed: no handler after it was asked, and the value
 * so far is not returned.
 */
public final class ChainFailedException extends HostException {
  private static final long serialVersionUID = 1L;

  private final String plugin;
  private final String hook;
  private final String code;

  /**
   * @param code the name of a {@link io.gonext.host.hook.HookOutcome}
   * @param reason for the operator
   */
  public ChainFailedException(
      String plugin, String hook, String code, String reason, Throwable cause) {
    super(plugin + " failed in hook " + hook + " (" + code + "): " + reason, cause);
    this.plugin = plugin;
    this.hook = hook;
    this.code = code;
  }

  /** Whose handler it was. */
  public String plugin() {
    return plugin;
  }

  public String hook() {
    return hook;
  }

  public String code() {
    return code;
  }
}
