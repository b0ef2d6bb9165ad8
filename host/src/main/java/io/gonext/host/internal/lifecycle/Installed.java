package io.gonext.host.internal.lifecycle;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.ConflictException;
import io.gonext.host.Provenance;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.UntrustedException;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Version;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.Verdict;
import io.gonext.host.trust.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store as changes use it: it parses bundles, and throws for a plugin that is missing or was
 * changed.
 */
record Installed(PluginStore store, TrustGate trust) {
  private static final Logger log = LoggerFactory.getLogger(Installed.class);

  private static final String DOWNGRADE = "downgrade";

  /**
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  StoredPlugin require(String name) {
    return store.find(name).orElseThrow(() -> new UnknownPluginException(name));
  }

  Bundle bundleOf(StoredPlugin plugin, StoredVersion version) {
    return Bundle.read(
        store
            .bundle(plugin.name(), version.sha256())
            .orElseThrow(() -> changedByOther(plugin.name())));
  }

  /** A stored version with what its trust depends on. */
  Delivered delivered(StoredPlugin plugin, StoredVersion version) {
    byte[] bytes =
        store
            .bundle(plugin.name(), version.sha256())
            .orElseThrow(() -> changedByOther(plugin.name()));
    List<BundleSignature> signatures = new ArrayList<>();
    for (byte[] file : store.signatures(plugin.name(), version.sha256())) {
      try {
        signatures.add(BundleSignature.parse(file));
      } catch (UntrustedException e) {
        // A newer host may know its format. To this one it is as good as missing.
        log.warn("a stored signature of {} is left out: {}", plugin.name(), e.getMessage());
      }
    }
    Verification verification = trust.begin(bytes, signatures);
    Provenance known = version.provenance();
    return new Delivered(
        Bundle.read(bytes),
        verification,
        known.origin(),
        known.isDevelopment(),
        known.isTrusted() ? known.checkedAt() : null,
        true);
  }

  /**
   * @throws UntrustedException when a publisher's higher version was current before, and nobody
   *     allows to go back
   */
  List<String> refuseDowngrade(Delivered delivered, Provenance provenance) {
    Optional<String> why = downgrade(delivered, provenance.publishers());
    if (why.isPresent() && trust.enforces()) {
      throw trust.refused(DOWNGRADE, why.get());
    }
    return why.stream().toList();
  }

  /** What the trust policy says of a bundle now. Nothing is counted, and nothing is changed. */
  Verdict verdict(Delivered delivered) {
    trust.look();
    Verdict verdict = trust.judge(delivered);
    return verdict.isTrusted()
        ? downgrade(delivered, verdict.publishers())
            .map(why -> new Verdict(DOWNGRADE, why, verdict.signers()))
            .orElse(verdict)
        : verdict;
  }

  /**
   * Why a bundle would be a step back that nobody allows.
   *
   * @param publishers who have signed it
   */
  private Optional<String> downgrade(Delivered delivered, List<String> publishers) {
    if (delivered.allowsDowngrade() || publishers.isEmpty()) {
      return Optional.empty();
    }
    Manifest manifest = delivered.bundle().manifest();
    Map<String, Version> highest = store.highest(manifest.name());
    for (String publisher : publishers) {
      Version before = highest.get(publisher);
      if (before != null && manifest.version().precedence(before) < 0) {
        return Optional.of(
            manifest.id()
                + " is older than "
                + before
                + " of the publisher "
                + publisher
                + ", which was in use here before: allow the downgrade (--allow-downgrade) if you"
                + " want the older version");
      }
    }
    return Optional.empty();
  }

  /** The manifest of the current version; empty when this host cannot read it. */
  Optional<Manifest> readable(StoredPlugin plugin) {
    try {
      return Optional.of(bundleOf(plugin, plugin.current()).manifest());
    } catch (BundleRejectedException e) {
      return Optional.empty();
    }
  }

  /**
   * @throws ConflictException when the plugin was changed since it was read
   */
  void change(StoredPlugin read, StoredPlugin next) {
    if (!store.change(read, next)) {
      throw changedByOther(read.name());
    }
  }

  /**
   * @throws ConflictException when the plugin was changed since it was read
   */
  void change(StoredPlugin read, StoredPlugin next, StoredVersion added, Delivered delivered) {
    if (!store.change(read, next, added, delivered.bundle().bytes(), delivered.signatureFiles())) {
      throw changedByOther(read.name());
    }
  }

  /**
   * @throws ConflictException when a plugin would depend on itself
   */
  void refuseCycle(Manifest manifest) {
    if (manifest.dependencies().isEmpty()) {
      return;
    }
    Dependencies.cycle(manifest, name -> store.find(name).flatMap(this::readable))
        .ifPresent(cycle -> {
          throw new ConflictException(manifest.id() + " depends on itself: " + cycle);
        });
  }

  static ConflictException changedByOther(String name) {
    return new ConflictException(name + " was changed by someone else just now");
  }
}
