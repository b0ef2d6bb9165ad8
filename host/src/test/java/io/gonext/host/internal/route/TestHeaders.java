package io.gonext.host.internal.route;

import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;

/** Rules for headers of a manifest's field {@code http}. */
final class TestHeaders {
  private TestHeaders() {}

  static RouteHeaders rules(String http) {
    return new RouteHeaders(manifest(http), Permissions.none(), warning -> {}, () -> 0);
  }

  static Manifest manifest(String http) {
    return ManifestReader.read(
        ("{\"name\":\"test\",\"version\":\"1.0.0\",\"entry\":\"p.wasm\",\"http\":" + http + "}")
            .getBytes(StandardCharsets.UTF_8));
  }
}
