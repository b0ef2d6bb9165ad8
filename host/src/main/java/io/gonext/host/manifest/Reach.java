package io.gonext.host.manifest;

import io.gonext.host.manifest.AllowedOrigins.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the capabilities of a version lead to, as its manifest lists it: the origins of its HTTP
 * requests, its secrets, and the headers that take a capability.
 */
public record Reach(List<Way> ways) {
  private static final String FETCH = "http.fetch";

  /**
   * What a plugin reaches whose manifest names none of these things. It sees {@code Authorization}
   * without the capability, which one that names it does not.
   */
  public static final Reach DEFAULT =
      new Reach(
          List.of(
              new Way(
                  Manifest.CREDENTIALS,
                  "http.request_headers authorization, without a grant",
                  Optional.empty())));

  /** Copies the list. */
  public Reach {
    ways = List.copyOf(ways);
  }

  /**
   * One thing that a version reaches.
   *
   * @param capability that it takes
   * @param what for people, without the origin: {@code secret api_token may go to}
   * @param origin empty if there is none
   */
  public record Way(String capability, String what, Optional<Origin> origin) {
    private boolean includes(Way other) {
      return capability.equals(other.capability)
          && what.equals(other.what)
          && (origin.equals(other.origin)
              || (origin.isPresent()
                  && other.origin.isPresent()
                  && origin.get().includes(other.origin.get())));
    }

    /** For people: {@code secret api_token may go to https://api.example.com}. */
    @Override
    public String toString() {
      return what + origin.map(named -> " " + named).orElse("");
    }
  }

  /** What a manifest lists, each thing once. */
  public static Reach of(Manifest manifest) {
    List<Way> ways = new ArrayList<>();
    if (manifest.requests(FETCH)) {
      addOrigins(ways, FETCH, "http.fetch.allow", manifest.fetch().allow());
    }
    for (Manifest.Secret secret : manifest.secrets()) {
      String named = "secret " + secret.name();
      if (!secret.injectOnly()) {
        ways.add(new Way(Manifest.SECRETS, named + " may be read by the plugin", Optional.empty()));
      }
      addOrigins(ways, Manifest.SECRETS, named + " may go to", secret.hosts());
    }
    if (manifest.headers().isDefault()) {
      ways.addAll(DEFAULT.ways);
    } else {
      manifest.headers().request().stream()
          .filter(HeaderNames::isCredential)
          .map(name -> header(Manifest.CREDENTIALS, "http.request_headers", name))
          .forEach(ways::add);
    }
    for (String header : manifest.headers().response()) {
      ways.add(header(Manifest.RESPONSE_HEADERS, "http.response_headers", header));
    }
    return new Reach(ways.stream().distinct().toList());
  }

  private static void addOrigins(
      List<Way> ways, String capability, String what, AllowedOrigins origins) {
    for (Origin origin : origins.origins()) {
      ways.add(new Way(capability, what, Optional.of(origin)));
    }
  }

  private static Way header(String capability, String field, String name) {
    return new Way(capability, field + " " + name.toLowerCase(Locale.ROOT), Optional.empty());
  }

  /** What another version reaches and this one does not. */
  public List<Way> widenedBy(Reach other) {
    return other.ways.stream()
        .filter(way -> ways.stream().noneMatch(known -> known.includes(way)))
        .toList();
  }
}
