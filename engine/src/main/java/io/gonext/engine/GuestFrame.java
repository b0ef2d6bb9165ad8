package io.gonext.engine;

/**
 * One function of a guest's backtrace.
 *
 * @param functionIndex its index in the module
 * @param name its name from the module's name section, or {@code func[12]} where there is none
 */
public record GuestFrame(int functionIndex, String name) {
  /** The name. */
  @Override
  public String toString() {
    return name;
  }
}
