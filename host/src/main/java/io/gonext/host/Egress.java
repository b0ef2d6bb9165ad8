package io.gonext.host;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the HTTP requests of plugins may go, as far as the operator decides. Plugins reach public
 * addresses, and what the operator allows besides.
 *
 * @param mode what the host does with a request to an origin that a manifest does not list
 * @param allowed addresses that are not public and that plugins may reach
 * @param perMinute the most requests that one plugin may send in a minute; its manifest may lower
 *     it; from 1 to {@value #MAX_PER_MINUTE}
 */
public record Egress(Mode mode, List<Allowed> allowed, int perMinute) {
  /** What {@link #perMinute} is unless the operator says otherwise. */
  public static final int DEFAULT_PER_MINUTE = 60;

  public static final int MAX_PER_MINUTE = 1_000_000;

  public Egress {
    if (perMinute < 1 || perMinute > MAX_PER_MINUTE) {
      throw new IllegalArgumentException(
          "a plugin's requests in a minute must be from 1 to %,d: %,d"
              .formatted(MAX_PER_MINUTE, perMinute));
    }
    allowed = List.copyOf(allowed);
  }

  /** With the default rate. */
  public Egress(Mode mode, List<Allowed> allowed) {
    this(mode, allowed, DEFAULT_PER_MINUTE);
  }

  /** Public addresses only, and only the origins that manifests list. */
  public static Egress publicOnly() {
    return new Egress(Mode.ENFORCE, List.of());
  }

  /** What happens to a request to an origin that the plugin's manifest does not list. */
  public enum Mode {
    /** The host refuses it. */
    ENFORCE,
    /**
     * The host counts and logs it, and sends it. This finds out which origins a plugin needs. It
     * never opens an address that {@link Egress#allowed} does not open.
     */
    OBSERVE
  }

  /**
   * Addresses that plugins may reach although they are not public.
   *
   * @param port the one port, or 0 for all
   */
  public record Allowed(AddressRange range, int port) {
    private static final Pattern TEXT =
        Pattern.compile("(?:\\[([^\\]]+)]|([^:\\[]+))(?::(\\d{1,5}))?");

    /** Without brackets, the colons of an IPv6 range would hide where a port begins. */
    private static final Pattern BARE_IPV6 = Pattern.compile("[^\\[]*:.*:.*");

    public Allowed {
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException("a port is from 1 to 65535, or 0 for all: " + port);
      }
    }

    /**
     * Reads {@code 10.0.0.0/8}, {@code 10.0.0.0/8:8080}, {@code fd00::/8} or {@code
     * [fd00::/8]:8080}.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    public static Allowed parse(String text) {
      if (BARE_IPV6.matcher(text).matches()) {
        return new Allowed(AddressRange.of(text), 0);
      }
      Matcher parts = TEXT.matcher(text);
      if (!parts.matches()) {
        throw new IllegalArgumentException("it must be RANGE or RANGE:PORT: " + text);
      }
      String port = parts.group(3);
      String range = parts.group(1) != null ? parts.group(1) : parts.group(2);
      return new Allowed(AddressRange.of(range), port == null ? 0 : Integer.parseInt(port));
    }
  }
}
