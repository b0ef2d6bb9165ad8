package io.gonext.host;

/** No plugin of that name is installed. */
public final class UnknownPluginException extends HostException {
  private static final long serialVersionUID = 1L;

  public UnknownPluginException(String plugin) {
    super("no plugin named " + plugin + " is installed", null);
  }
}
