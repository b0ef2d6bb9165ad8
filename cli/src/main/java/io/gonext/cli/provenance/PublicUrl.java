package io.gonext.cli.provenance;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Addresses without what must not be published: credentials, user names and local paths. */
final class PublicUrl {
  private static final Set<String> SCHEMES = Set.of("https", "http", "ssh", "git");

  /** Git's short form of an SSH address, {@code git@example.com:acme/plugin.git}. */
  private static final Pattern SCP = Pattern.compile("(?:[^@/:]+@)?([\\w.-]{2,}):(?!/)([^?#]+)");

  private PublicUrl() {}

  /**
   * The address with scheme, host, port and path only; empty for a local path and for what is not
   * an address.
   */
  static Optional<String> of(String given) {
    Matcher scp = SCP.matcher(given);
    if (!given.contains("://") && scp.matches()) {
      return of("ssh://" + scp.group(1) + "/" + scp.group(2));
    }
    try {
      URI uri = new URI(given);
      if (uri.getScheme() == null || !SCHEMES.contains(uri.getScheme()) || uri.getHost() == null) {
        return Optional.empty();
      }
      return Optional.of(
          new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), null, null, null)
              + (uri.getRawPath() == null ? "" : uri.getRawPath()));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /** As {@link #of}, with the prefix {@code git+} of package URLs and SPDX. */
  static Optional<String> ofGit(String given) {
    return of(given).map(url -> "git+" + url);
  }
}
