package io.gonext.host.registry;

import io.gonext.host.manifest.FetchUrl;

/**
 * A repository, and how its registry is reached.
 *
 * @param registry host and port
 * @param base the URL of the repository's API, without a slash at the end
 */
record Endpoint(String registry, String repository, FetchUrl base) {
  /** The one registry whose API is at another host than its name. */
  private static final String HUB = "docker.io";

  private static final String HUB_API = "registry-1.docker.io";

  static Endpoint of(OciReference reference, boolean plainHttp) {
    String registry = reference.registry();
    return new Endpoint(
        registry,
        reference.repository(),
        FetchUrl.parse(
            (plainHttp ? "http://" : "https://")
                + (registry.equals(HUB) ? HUB_API : registry)
                + "/v2/"
                + reference.repository()));
  }

  /**
   * A URL below the repository.
   *
   * @param path begins with a slash
   */
  FetchUrl url(String path) {
    return FetchUrl.parse(base.uri() + path);
  }

  @Override
  public String toString() {
    return OciReference.SCHEME + registry + "/" + repository;
  }
}
