package io.gonext.server;

import java.net.InetAddress;
import java.util.Arrays;

/**
 * Addresses that share a prefix, as {@code 10.0.0.0/8} or {@code 2001:db8::/32} name them; one
 * address alone has no slash.
 *
 * @param prefix of the address's first bits
 * @param bits how many of them count
 */
public record AddressRange(InetAddress prefix, int bits) {
  public AddressRange {
    if (bits < 0 || bits > prefix.getAddress().length * 8) {
      throw new IllegalArgumentException(
          "a prefix of " + prefix.getHostAddress() + " has no " + bits + " bits");
    }
  }

  /**
   * Reads a range. No name is looked up.
   *
   * @throws IllegalArgumentException when it is not one
   */
  public static AddressRange of(String text) {
    int slash = text.indexOf('/');
    InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
    int all = address.getAddress().length * 8;
    // A number's own exception is one of the kind that is promised.
    return new AddressRange(address, slash < 0 ? all : Integer.parseInt(text.substring(slash + 1)));
  }

  /** Whether an address is one of these. */
  boolean contains(InetAddress address) {
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
