package io.gonext.host;

import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What operators and authors did to plugins, and what was refused them, as rows of the audit log:
 * each is stored when the change returns.
 */
final class ChangeRecord {
  /** Who acts when someone calls {@link Host} and nobody has said who it is. */
  private static final String OPERATOR = "operator";

  /** See {@link AuditTrail#recordedAs}. */
  private static final ScopedValue<String> ACTOR = ScopedValue.newInstance();

  /** Who acts when an author's tool uploads. */
  static final String DEVELOPER = "developer";

  private final AuditLog audit;
  private final Function<String, Optional<StoredPlugin>> installed;
  private final Counter refused;

  ChangeRecord(
      AuditLog audit, MeterRegistry meters, Function<String, Optional<StoredPlugin>> installed) {
    this.audit = audit;
    this.installed = installed;
    this.refused =
        Counter.builder("gonext.plugin.install.refused")
            .description("Bundles that the host did not accept")
            .register(meters);
  }

  /** Who the calling thread acts for. */
  static String actor() {
    return ACTOR.orElse(OPERATOR);
  }

  /** Does what the calling thread does in it for someone. */
  static <E extends Exception> void as(String actor, AuditTrail.Action<E> action) throws E {
    ScopedValue.where(ACTOR, actor)
        .call(() -> {
          action.run();
          return true;
        });
  }

  @FunctionalInterface
  interface Change<R, E extends Exception> {
    R make() throws E;
  }

  /**
   * Makes a change of an installed plugin; see {@link #watch(String, String, String, String,
   * Change)}.
   */
  <R, E extends Exception> R watch(String event, String plugin, Change<R, E> change) throws E {
    return watch(event, actor(), plugin, "", change);
  }

  /**
   * Makes a change, and records why it was not made: {@code <event>_refused} where a bundle is not
   * acceptable or not trusted, {@code <event>_failed} for all else. A plugin that is not installed
   * leaves no row, and a store that fails cannot take one.
   *
   * @param version of the bundle in question; empty for the installed one
   */
  <R, E extends Exception> R watch(
      String event, String actor, String plugin, String version, Change<R, E> change) throws E {
    return watch(event, actor, plugin, version, "", change);
  }

  /**
   * As {@link #watch(String, String, String, String, Change)}.
   *
   * @param reference in a registry that the change is about; empty for none
   */
  <R, E extends Exception> R watch(
      String event,
      String actor,
      String plugin,
      String version,
      String reference,
      Change<R, E> change)
      throws E {
    try {
      return change.make();
    } catch (StoreException | UnknownPluginException e) {
      throw e;
    } catch (BundleRejectedException e) {
      refused.increment();
      write(
          event + "_refused",
          actor,
          plugin.isEmpty() ? e.claimedName() : plugin,
          version,
          reason(reference, e));
      throw e;
    } catch (UntrustedException e) {
      refused.increment();
      write(event + "_refused", actor, plugin, version, reason(reference, e).put("code", e.code()));
      throw e;
    } catch (HostException e) {
      write(event + "_failed", actor, plugin, version, reason(reference, e));
      throw e;
    }
  }

  void done(String event, String plugin) {
    done(event, plugin, detail());
  }

  void done(String event, String plugin, ObjectNode detail) {
    write(event, actor(), plugin, "", detail);
  }

  void done(String event, String actor, String plugin, String version, ObjectNode detail) {
    write(event, actor, plugin, version, detail);
  }

  void replaced(String event, String plugin, UpdateResult result) {
    replaced(event, plugin, result, "");
  }

  /**
   * @param reference that was pulled; empty when none was
   */
  void replaced(String event, String plugin, UpdateResult result, String reference) {
    switch (result) {
      case UpdateResult.Unchanged unchanged -> {}
      case UpdateResult.Replaced replaced ->
          done(
              event,
              plugin,
              putTrust(
                  detail(reference)
                      .put("from", replaced.from())
                      .put("to", replaced.to())
                      .put("sha256", replaced.sha256()),
                  plugin,
                  replaced.sha256()));
      case UpdateResult.AwaitingApproval waiting ->
          done(
              event,
              plugin,
              putTrust(
                  detail(reference)
                      .put("from", waiting.from())
                      .put("awaiting_approval", waiting.to())
                      .put("sha256", waiting.sha256()),
                  plugin,
                  waiting.sha256()));
    }
  }

  /** Nothing where all was as it is to be. */
  void deployed(DeployResult result, String reference) {
    boolean done =
        result.action() != DeployResult.Action.UNCHANGED
            || result.activated()
            || !result.granted().isEmpty();
    if (done) {
      ObjectNode detail =
          detail(reference)
              .put("action", result.action().name())
              .put("sha256", result.sha256())
              .put("activated", result.activated());
      if (!result.from().isEmpty()) {
        detail.put("from", result.from());
      }
      detail.set("granted", StrictJson.valueOf(result.granted()));
      putTrust(detail, result.plugin(), result.sha256());
      done("deploy", actor(), result.plugin(), result.version(), detail);
    }
  }

  /** Adds what was verified of a version, when the store has it. */
  ObjectNode putTrust(ObjectNode detail, String plugin, String sha256) {
    installed
        .apply(plugin)
        .flatMap(stored -> stored.version(sha256))
        .map(StoredVersion::provenance)
        .ifPresent(provenance -> {
          ObjectNode trust = detail.putObject("trust");
          trust.put("code", provenance.code()).put("origin", provenance.origin());
          trust.put("policy", provenance.policy());
          var signers = trust.putArray("signers");
          provenance
              .signers()
              .forEach(each ->
                  signers.addObject().put("publisher", each.publisher()).put("key", each.key()));
        });
    return detail;
  }

  void decided(String event, String plugin, Collection<String> capabilities) {
    ObjectNode detail = detail();
    detail.set("capabilities", StrictJson.valueOf(capabilities));
    done(event, plugin, detail);
  }

  /** As the store says; a plugin whose bundle no longer reads has one, too. */
  String installedVersion(String plugin) {
    return installed.apply(plugin).map(stored -> stored.current().version()).orElse("");
  }

  static ObjectNode detail() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** The detail of a change by a bundle that may have been pulled. */
  static ObjectNode detail(String reference) {
    return reference.isEmpty() ? detail() : detail().put("reference", reference);
  }

  private void write(String event, String actor, String plugin, String version, ObjectNode detail) {
    String known = version.isEmpty() && !plugin.isEmpty() ? installedVersion(plugin) : version;
    audit.record(plugin, known, event, actor, detail);
  }

  private static ObjectNode reason(String reference, HostException e) {
    return detail(reference).put("reason", e.getMessage());
  }
}
