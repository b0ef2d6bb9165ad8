package io.gonext.host.internal.abi;

import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.List;

/** What a host says of a valid manifest, a sentence for each finding. */
public final class ManifestCheck {
  private ManifestCheck() {}

  /** Capabilities that do not exist. */
  public static List<String> problems(Manifest manifest, CapabilityRegistry capabilities) {
    return manifest.capabilities().stream()
        .filter(capability -> capabilities.find(capability).isEmpty())
        .map(capability ->
            "there is no capability " + capability + "; there are " + capabilities.ids())
        .toList();
  }

  /** What the manifest requests and this host does not do. */
  public static List<String> warnings(Manifest manifest, CapabilityRegistry capabilities) {
    List<String> warnings = new ArrayList<>();
    for (String id : manifest.requestedCapabilities()) {
      capabilities
          .notOffered(id)
          .ifPresent(why -> warnings.add(why + ": it is denied until that changes"));
    }
    if (manifest.signed()) {
      warnings.add(
          "/signature: the host does not read it, since a bundle cannot hold its own signature:"
              + " sign the bundle with gonext plugin sign");
    }
    return warnings;
  }
}
