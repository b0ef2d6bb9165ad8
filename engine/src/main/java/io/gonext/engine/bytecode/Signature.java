package io.gonext.engine.bytecode;

import java.util.Arrays;

/**
 * The types that a function or a block takes and returns, as in {@link Op}.
 *
 * @param parameters never changed
 * @param results never changed
 */
public record Signature(byte[] parameters, byte[] results) {
  static final Signature EMPTY = new Signature(new byte[0], new byte[0]);

  @Override
  public boolean equals(Object other) {
    return other instanceof Signature(byte[] theirParameters, byte[] theirResults)
        && Arrays.equals(parameters, theirParameters)
        && Arrays.equals(results, theirResults);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(parameters) + Arrays.hashCode(results);
  }

  @Override
  public String toString() {
    return Arrays.toString(parameters) + " -> " + Arrays.toString(results);
  }
}
