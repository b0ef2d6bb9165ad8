package io.gonext.host.internal.abi;

/** The two names under which a guest imports a function. */
public record ImportKey(String module, String name) {
  /** For people: {@code env.gn_log}. */
  @Override
  public String toString() {
    return module + "." + name;
  }
}
