package io.gonext.server;

import io.gonext.host.Delivery;
import io.gonext.host.Host;
import io.gonext.host.Provenance;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.TrustCheck;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.Verdict;
import io.gonext.host.trust.Verdict.Signer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What an answer says of the trust in a version. */
final class TrustView {
  private TrustView() {}

  /** The current version of a plugin; a policy that changed since may have another opinion. */
  static ObjectNode of(Host host, StoredPlugin plugin) {
    Verdict serves = host.trust().distrusted().get(plugin.name());
    return serves == null
        ? of(host, plugin.name(), plugin.current())
        : of(plugin.current(), serves);
  }

  /** A version of a plugin, which need not serve. */
  static ObjectNode of(Host host, String plugin, StoredVersion version) {
    return of(version, host.trust().distrust(plugin, version).orElse(null));
  }

  private static ObjectNode of(StoredVersion version, @Nullable Verdict now) {
    Provenance provenance = version.provenance();
    ObjectNode trust = JsonNodeFactory.instance.objectNode();
    trust.put("status", now == null ? provenance.status() : "untrusted");
    trust.put("code", now == null ? provenance.code() : now.code());
    trust.put("origin", provenance.origin());
    putSigners(trust, provenance.signers());
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

  private static void putSigners(ObjectNode to, List<Signer> signers) {
    var array = to.putArray("signers");
    signers.forEach(
        each -> array.addObject().put("publisher", each.publisher()).put("key", each.key()));
  }

  /** What the policy says of a bundle that nobody has installed. */
  static ObjectNode of(TrustCheck check, Delivery delivery) {
    Bundle bundle = check.bundle();
    Verdict verdict = check.verdict();
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", bundle.manifest().name())
            .put("version", bundle.manifest().version().toString())
            .put("digest", "sha256:" + bundle.sha256())
            .put("origin", check.origin())
            .put("trusted", verdict.isTrusted())
            .put("refused", check.isRefused())
            .put("code", verdict.code());
    if (!delivery.reference().isEmpty()) {
      body.put("reference", delivery.reference());
    }
    if (!verdict.message().isEmpty()) {
      body.put("problem", verdict.message());
    }
    putSigners(body, verdict.signers());
    try {
      body.set("manifest", StrictJson.parse(bundle.manifestJson()));
    } catch (InvalidJsonException e) {
      throw new IllegalStateException("this manifest was read before", e);
    }
    return body;
  }
}
