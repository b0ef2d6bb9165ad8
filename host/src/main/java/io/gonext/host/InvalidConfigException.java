package io.gonext.host;

import java.util.List;

/** Values do not match the schema of a plugin's configuration; nothing was changed. */
public final class InvalidConfigException extends HostException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /**
   * @param plugin name and version
   * @param problems all of them, a sentence each; no value of a write-only property is in one
   */
  public InvalidConfigException(String plugin, List<String> problems) {
    super("the configuration of " + plugin + " is not valid: " + String.join("; ", problems), null);
    this.problems = List.copyOf(problems);
  }

  /** What is wrong, a sentence each, beginning with a JSON pointer. */
  public List<String> problems() {
    return problems;
  }
}
