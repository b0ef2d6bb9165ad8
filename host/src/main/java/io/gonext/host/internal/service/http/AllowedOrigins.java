package io.gonext.host.internal.service.http;

import java.util.List;

/**
 * The origins that a manifest lists in {@code http.fetch.allow}: {@code https://api.example.com},
 * {@code *.example.com} (any name below it, not itself), {@code http://host:8080}. Without a
 * scheme, https is meant; without a port, the scheme's own.
 *
 * @param origins none allows nothing
 */
record AllowedOrigins(List<Origin> origins) {
  AllowedOrigins {
    origins = List.copyOf(origins);
  }

  /**
   * One of them.
   *
   * @param below whether names below {@code host} are meant
   */
  record Origin(String scheme, String host, boolean below, int port) {
    private boolean includes(FetchUrl url) {
      return scheme.equals(url.scheme())
          && port == url.port()
          && (below
              ? !url.isAddress() && url.host().endsWith("." + host)
              : url.host().equals(host));
    }
  }

  /**
   * Reads a manifest's list.
   *
   * @throws IllegalArgumentException if an entry is not an origin; the message says why
   */
  static AllowedOrigins parse(List<String> entries) {
    return new AllowedOrigins(entries.stream().map(AllowedOrigins::parse).toList());
  }

  private static Origin parse(String entry) {
    String full = entry.contains("://") ? entry : "https://" + entry;
    int host = full.indexOf("://") + "://".length();
    boolean below = full.startsWith("*.", host);
    FetchUrl url =
        FetchUrl.parse(below ? full.substring(0, host) + full.substring(host + 2) : full);
    String path = url.uri().getRawPath();
    if ((path != null && !path.isEmpty() && !path.equals("/")) || url.uri().getRawQuery() != null) {
      throw new IllegalArgumentException("an origin has no path: " + url.origin());
    }
    if (below && (url.isAddress() || !url.host().contains("."))) {
      throw new IllegalArgumentException("after *. there must be a domain such as example.com");
    }
    return new Origin(url.scheme(), url.host(), below, url.port());
  }

  boolean include(FetchUrl url) {
    return origins.stream().anyMatch(origin -> origin.includes(url));
  }
}
