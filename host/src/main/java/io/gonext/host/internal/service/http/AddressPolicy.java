package io.gonext.host.internal.service.http;

import io.gonext.host.AddressRange;
import io.gonext.host.Egress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * The gate of addresses: which ones plugins may connect to. Without an exception of the operator,
 * only public unicast addresses: nothing of this machine, of a private network, of a cloud's
 * metadata service, and nothing that IANA reserves (its registries of special-purpose addresses,
 * RFC 6890).
 *
 * @param exceptions of the operator
 */
public record AddressPolicy(List<Egress.Allowed> exceptions) {
  private static final List<AddressRange> REFUSED_IPV4 =
      ranges(
          "0.0.0.0/8", // this network
          "10.0.0.0/8", // private
          "100.64.0.0/10", // shared: carrier-grade NAT
          "127.0.0.0/8", // loopback
          "169.254.0.0/16", // link-local, metadata services
          "172.16.0.0/12", // private
          "192.0.0.0/24", // IETF protocols
          "192.0.2.0/24", // documentation
          "192.88.99.0/24", // 6to4 relays
          "192.168.0.0/16", // private
          "198.18.0.0/15", // benchmarks
          "198.51.100.0/24", // documentation
          "203.0.113.0/24", // documentation
          "224.0.0.0/4", // multicast
          "240.0.0.0/4" // reserved, broadcast
          );

  /** What IANA has given out as global unicast; everything else has a special purpose. */
  private static final AddressRange GLOBAL_IPV6 = AddressRange.of("2000::/3");

  private static final List<AddressRange> REFUSED_IPV6 =
      ranges(
          "2001::/23", // IETF protocols, Teredo
          "2001:db8::/32", // documentation
          "2002::/16", // 6to4: holds an IPv4 address
          "3fff::/20" // documentation
          );

  public AddressPolicy {
    exceptions = List.copyOf(exceptions);
  }

  /** Public addresses, and no exceptions. */
  public static AddressPolicy publicOnly() {
    return new AddressPolicy(List.of());
  }

  /** All addresses. */
  public static AddressPolicy all() {
    return new AddressPolicy(
        List.of(Egress.Allowed.parse("0.0.0.0/0"), Egress.Allowed.parse("::/0")));
  }

  /**
   * Whether a client may connect to an address.
   *
   * @param address as it will be dialled; the JDK gives an IPv4 address for an IPv4-mapped one
   */
  public boolean allows(InetAddress address, int port) {
    return isPublic(address)
        || exceptions.stream()
            .anyMatch(exception ->
                exception.range().contains(address)
                    && (exception.port() == 0 || exception.port() == port));
  }

  private static boolean isPublic(InetAddress address) {
    return address instanceof Inet4Address
        ? noneContains(REFUSED_IPV4, address)
        : GLOBAL_IPV6.contains(address) && noneContains(REFUSED_IPV6, address);
  }

  private static boolean noneContains(List<AddressRange> ranges, InetAddress address) {
    return ranges.stream().noneMatch(range -> range.contains(address));
  }

  private static List<AddressRange> ranges(String... texts) {
    return Stream.of(texts).map(AddressRange::of).toList();
  }
}
