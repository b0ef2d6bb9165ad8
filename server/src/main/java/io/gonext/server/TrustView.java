package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.Provenance;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.trust.Verdict;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What an answer says of the trust in a version. */
final class TrustView {
  private TrustView() {}

  /** The current version of a plugin; a policy that changed since may have another opinion. */
  static ObjectNode of(Host host, StoredPlugin plugin) {
    return of(plugin.current(), host.trust().distrusted().get(plugin.name()));
  }

  static ObjectNode of(StoredVersion version) {
    return of(version, null);
  }

  private static ObjectNode of(StoredVersion version, @Nullable Verdict now) {
    Provenance provenance = version.provenance();
    ObjectNode trust = JsonNodeFactory.instance.objectNode();
    trust.put("status", now == null ? provenance.status() : "untrusted");
    trust.put("code", now == null ? provenance.code() : now.code());
    trust.put("origin", provenance.origin());
    var signers = trust.putArray("signers");
    provenance
        .signers()
        .forEach(
            each -> signers.addObject().put("publisher", each.publisher()).put("key", each.key()));
    if (provenance.checkedAt() != null) {
      trust.put("checked_at", provenance.checkedAt().toString());
    }
    if (!provenance.policy().isEmpty()) {
      trust.put("policy", provenance.policy());
    }
    if (now != null) {
      trust.put("problem", now.message());
    }
    return trust;
  }
}
