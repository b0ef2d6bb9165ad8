package io.gonext.host;

import java.net.InetAddress;
import java.util.Arrays;

/**
 * A range of addresses with a common prefix: {@code 10.0.0.0/8} or {@code 2001:db8::/32}. A single
 * address has no slash.
 *
 * @param prefix any address of the range
 * @param bits the length of the prefix
 */
public record AddressRange(InetAddress prefix, int bits) {
  public AddressRange {
    if (bits < 0 || bits > prefix.getAddress().length * 8) {
      throw new IllegalArgumentException(
          "the prefix of " + prefix.getHostAddress() + " cannot have " + bits + " bits");
    }
  }

  /**
   * Reads a range. Looks up no names.
   *
   * @throws IllegalArgumentException when the text is not a range
   */
  public static AddressRange of(String text) {
    int slash = text.indexOf('/');
    InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
    int all = address.getAddress().length * 8;
    // NumberFormatException is an IllegalArgumentException.
    return new AddressRange(address, slash < 0 ? all : Integer.parseInt(text.substring(slash + 1)));
  }

  /** Whether an address is in the range. */
  public boolean contains(InetAddress address) {
    byte[] mine = prefix.getAddress();
    byte[] other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    int whole = bits / 8;
    if (Arrays.mismatch(mine, 0, whole, other, 0, whole) >= 0) {
      return false;
    }
    int rest = bits % 8;
    return rest == 0 || (mine[whole] ^ other[whole]) >> (8 - rest) == 0;
  }
}
