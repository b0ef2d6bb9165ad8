package io.gonext.host.internal.lifecycle;

import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Judges the versions in service again when the trust policy changes: reports those that are no
 * longer trusted, and takes them out of service where the policy says so.
 *
 * <p>Thread-safe. One thread judges at a time.
 */
final class TrustWatch {
  private static final Logger log = LoggerFactory.getLogger(TrustWatch.class);

  private final Installed installed;
  private final TrustGate trust;
  private final Serving serving;
  private final NodeSync sync;
  private final ChangeLocks changes;
  private final AuditLog audit;

  /** The policy by which all versions in service were judged last. Guarded by this. */
  private TrustPolicy judgedBy;

  /** Whether something was left for the next round. Guarded by this. */
  private boolean unfinished;

  TrustWatch(
      Installed installed,
      TrustGate trust,
      Serving serving,
      NodeSync sync,
      ChangeLocks changes,
      AuditLog audit) {
    this.installed = installed;
    this.trust = trust;
    this.serving = serving;
    this.sync = sync;
    this.changes = changes;
    this.audit = audit;
    this.judgedBy = trust.policy();
  }

  /** Follows the policy's file, and finishes what an earlier round left. */
  synchronized void round() {
    trust.look();
    // Not whether look() found a change: a check of a bundle may have found it first.
    if (trust.policy() != judgedBy || unfinished) {
      judgeAll();
    }
  }

  synchronized void judgeAll() {
    unfinished = false;
    if (judgedBy != trust.policy()) {
      judgedBy = trust.policy();
      // What the policy refused before, it may take now.
      sync.faults().retryAll();
    }
    Map<String, Verdict> before = trust.distrusted();
    Map<String, Verdict> now = new TreeMap<>();
    for (PluginSlot slot : serving.all()) {
      try {
        judge(slot)
            .ifPresent(verdict -> {
              now.put(slot.name(), verdict);
              if (!verdict.equals(before.get(slot.name()))) {
                report(slot, verdict);
              }
            });
      } catch (StoreException e) {
        // What was said of it before holds until the store can be read.
        Verdict known = before.get(slot.name());
        if (known != null) {
          now.put(slot.name(), known);
        }
        unfinished = true;
      }
    }
    show(now);
    if (trust.stops()) {
      now.forEach(this::stop);
    }
  }

  private void show(Map<String, Verdict> verdicts) {
    trust.distrusted(verdicts);
    Map<String, String> reasons = new TreeMap<>();
    if (trust.enforces()) {
      verdicts.forEach((name, verdict) -> reasons.put(name, verdict.message()));
    }
    sync.untrusted(reasons);
  }

  /** Why the version in service is not trusted; empty when it is, or leaves just now. */
  private Optional<Verdict> judge(PluginSlot slot) {
    Optional<StoredPlugin> stored = installed.store().find(slot.name());
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    // It may be one that another host has replaced.
    Optional<StoredVersion> serves = stored.get().version(slot.version().sha256());
    Verdict verdict =
        serves.isPresent()
            ? trust.judge(installed.delivered(stored.get(), serves.get()))
            : new Verdict(
                "not_stored",
                slot.manifest().id()
                    + " serves here and is not in the store any more, so nobody can verify it:"
                    + " update the plugin",
                List.of());
    return TrustGate.passes(verdict) ? Optional.empty() : Optional.of(verdict);
  }

  private void report(PluginSlot slot, Verdict verdict) {
    log.error("{} serves and is not trusted any more: {}", slot.manifest().id(), verdict.message());
    audit.record(
        slot.name(),
        slot.manifest().version().toString(),
        "distrusted",
        "host",
        JsonNodeFactory.instance
            .objectNode()
            .put("code", verdict.code())
            .put("reason", verdict.message())
            .put("policy", trust.policy().digest())
            .put("stopped", trust.stops()));
  }

  private void stop(String name, Verdict verdict) {
    try {
      unfinished |= !changes.tryHold(name, () -> stopHeld(name, verdict));
    } catch (StoreException e) {
      unfinished = true;
    }
  }

  /** The version in service may be another one by now, which was checked by this policy. */
  private boolean stopHeld(String name, Verdict verdict) {
    PluginSlot slot = serving.slot(name);
    Optional<StoredPlugin> stored = installed.store().find(name);
    if (slot == null || stored.isEmpty() || judge(slot).isEmpty()) {
      return true;
    }
    log.error("{} leaves service: {}", slot.manifest().id(), verdict.message());
    sync.stopUntrusted(stored.get(), verdict.message());
    Map<String, Verdict> left = new TreeMap<>(trust.distrusted());
    left.remove(name);
    show(left);
    return true;
  }
}
