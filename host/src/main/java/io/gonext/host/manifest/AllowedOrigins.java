package io.gonext.host.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The origins that a manifest lists in {@code http.fetch.allow}: {@code https://api.example.com},
 * {@code *.example.com} (any name below it, not itself), {@code http://host:8080}. Without a
 * scheme, https is meant; without a port, the scheme's own.
 *
 * @param origins none allows nothing
 */
public record AllowedOrigins(List<Origin> origins) {
  public AllowedOrigins {
    origins = List.copyOf(origins);
  }

  /**
   * One of them.
   *
   * @param below whether names below {@code host} are meant
   */
  public record Origin(String scheme, String host, boolean below, int port) {
    /** As a manifest names it, with the scheme: {@code https://*.example.com}. */
    @Override
    public String toString() {
      boolean isDefault = port == (scheme.equals("https") ? 443 : 80);
      return scheme + "://" + (below ? "*." : "") + host + (isDefault ? "" : ":" + port);
    }

    private boolean includes(FetchUrl url) {
      return scheme.equals(url.scheme())
          && port == url.port()
          && (below
              ? !url.isAddress() && url.host().endsWith("." + host)
              : url.host().equals(host));
    }

    /** Whether all URLs of another origin belong to this one, too. */
    boolean includes(Origin other) {
      return scheme.equals(other.scheme)
          && port == other.port
          && (below
              ? other.host.endsWith("." + host) || (other.below && other.host.equals(host))
              : !other.below && other.host.equals(host));
    }
  }

  /**
   * Reads a manifest's list.
   *
   * @throws IllegalArgumentException if an entry is not an origin; the message says why
   */
  public static AllowedOrigins parse(List<String> entries) {
    return new AllowedOrigins(entries.stream().map(AllowedOrigins::parse).toList());
  }

  static Origin parse(String entry) {
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

  /** These origins and others. */
  AllowedOrigins and(AllowedOrigins others) {
    List<Origin> all = new ArrayList<>(origins);
    all.addAll(others.origins);
    return new AllowedOrigins(all);
  }

  /** The first entry that allows a URL. */
  public Optional<Origin> find(FetchUrl url) {
    for (Origin origin : origins) {
      if (origin.includes(url)) {
        return Optional.of(origin);
      }
    }
    return Optional.empty();
  }
}
