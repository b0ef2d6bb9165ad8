package io.gonext.host;

import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.lifecycle.Delivered;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.Locales;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Sha256;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.registry.TransferListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The installed plugins of a host, and what an operator does to them: each change is one row of the
 * {@linkplain Host#audit audit log}.
 *
 * <p>Thread-safe. One plugin has one change at a time.
 */
public final class Plugins {
  private final Lifecycle lifecycle;
  private final Grants grants;
  private final Configs configs;
  private final Secrets secrets;
  private final ChangeRecord record;
  private final OciClient registries;

  Plugins(
      Lifecycle lifecycle,
      Grants grants,
      Configs configs,
      Secrets secrets,
      ChangeRecord record,
      OciClient registries) {
    this.lifecycle = lifecycle;
    this.grants = grants;
    this.configs = configs;
    this.secrets = secrets;
    this.record = record;
    this.registries = registries;
  }

  /**
   * The manifest of the installed version of a plugin.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws BundleRejectedException when this host can no longer read it
   */
  public Manifest manifest(String plugin) {
    return lifecycle.manifest(plugin);
  }

  /**
   * The texts that the installed version of a plugin has in several languages.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws BundleRejectedException when this host can no longer read it
   */
  public Locales locales(String plugin) {
    return lifecycle.locales(plugin);
  }

  /** The installed plugin of that name. */
  public Optional<StoredPlugin> find(String name) {
    return lifecycle.find(name);
  }

  /** All installed plugins, by name. */
  public List<StoredPlugin> list() {
    return lifecycle.list();
  }

  /** The limits of a plugin on this host, while it is in service. */
  public Optional<PluginLimits> limits(String plugin) {
    return lifecycle.limits(plugin);
  }

  /**
   * Installs a bundle with the signatures beside its file; see {@link Delivery#signaturesBeside}.
   * The plugin is not active yet, and has no capability that takes a decision. Installing the same
   * bundle again changes nothing, except that it keeps signatures that were missing.
   *
   * @throws BundleRejectedException when the bundle is not acceptable; then nothing is installed
   * @throws UntrustedException when the trust policy refuses it; then nothing is installed
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Path bundle) {
    return install(reader(bundle), "");
  }

  /** Installs a bundle without signatures that is in memory; see {@link #install(Path)}. */
  public InstallResult install(byte[] bundle) {
    return install(Delivery.of(bundle.clone()));
  }

  /**
   * Pulls a bundle from a registry, which changes nothing yet: {@link Delivery#fetched} makes of it
   * what {@link #install(Delivery)} and {@link #update(Delivery)} take.
   *
   * @throws RegistryException when {@link HostConfig#registries} does not allow the registry, or it
   *     does not give the bundle
   */
  public PulledPlugin pull(OciReference reference) throws InterruptedException {
    return record.watch(
        "pull",
        ChangeRecord.actor(),
        "",
        "",
        reference.toString(),
        () -> registries.pull(reference, TransferListener.NONE));
  }

  /**
   * Says what this host thinks of a bundle, and changes nothing: everything that makes it refuse
   * the bundle, and what an operator should know. Where nothing does, it has compiled the module
   * and started an instance, as an install does.
   */
  public BundleCheck check(Delivery delivery) {
    try {
      Delivered delivered = lifecycle.receive(delivery);
      return refusing(delivery, delivered);
    } catch (BundleRejectedException e) {
      // It cannot be read: what is known of the rest comes from its files.
      PluginCheck read = PluginCheck.of(BundleFiles.read(delivery.bundle()), grants.registry());
      SortedSet<String> problems = new TreeSet<>(e.problems());
      problems.addAll(read.problems());
      return refused(delivery, read.manifest(), List.copyOf(problems), read.warnings());
    }
  }

  private BundleCheck refusing(Delivery delivery, Delivered delivered) {
    Manifest manifest = delivered.bundle().manifest();
    try {
      return lifecycle.check(delivered);
    } catch (BundleRejectedException e) {
      return refused(delivery, manifest, e.problems(), List.of());
    } catch (UntrustedException | ConflictException e) {
      return refused(delivery, manifest, List.of(String.valueOf(e.getMessage())), List.of());
    }
  }

  private static BundleCheck refused(
      Delivery delivery,
      @Nullable Manifest manifest,
      List<String> problems,
      List<String> warnings) {
    return new BundleCheck(
        manifest, Sha256.hex(delivery.bundle()), problems, warnings, null, Duration.ZERO);
  }

  /** Installs a bundle with its signatures; see {@link #install(Path)}. */
  public InstallResult install(Delivery delivery) {
    return install(() -> lifecycle.receive(delivery), delivery.reference());
  }

  /** Reads a bundle file with the signatures that lie beside it. */
  private Supplier<Delivered> reader(Path file) {
    return () -> received(file, Delivery.read(file));
  }

  private Delivered received(Path file, Delivery delivery) {
    try {
      return lifecycle.receive(delivery);
    } catch (BundleRejectedException e) {
      throw e.in(file.toString());
    }
  }

  /**
   * @param reference that was pulled; empty when none was
   */
  private InstallResult install(Supplier<Delivered> reader, String reference) {
    Delivered delivered =
        record.watch("install", ChangeRecord.actor(), "", "", reference, reader::get);
    Manifest manifest = delivered.bundle().manifest();
    String version = manifest.version().toString();
    InstallResult installed =
        record.watch(
            "install",
            ChangeRecord.actor(),
            manifest.name(),
            version,
            reference,
            () -> lifecycle.install(delivered));
    if (!installed.unchanged()) {
      ObjectNode detail = ChangeRecord.detail(reference).put("sha256", installed.sha256());
      record.putTrust(detail, manifest.name(), installed.sha256());
      detail.set("requested", StrictJson.valueOf(manifest.requestedCapabilities()));
      record.done("install", ChangeRecord.actor(), manifest.name(), version, detail);
    }
    return installed;
  }

  /**
   * Puts an installed plugin in service, now and at each later start of the host.
   *
   * @return a sentence for each capability that the plugin requests and was not granted
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ActivationException when it cannot start
   */
  public List<String> activate(String plugin) throws InterruptedException {
    boolean wasActive = lifecycle.active(plugin).isPresent();
    List<String> warnings = record.watch("activate", plugin, () -> lifecycle.activate(plugin));
    if (!wasActive) {
      record.done("activate", plugin);
    }
    return warnings;
  }

  /**
   * Takes a plugin out of service. Running calls may finish first, for at most 30 s.
   *
   * @throws ConflictException when the plugin is not active or refuses, or when an active plugin
   *     needs it
   */
  public void deactivate(String plugin) throws InterruptedException {
    deactivate(plugin, false, left -> {});
  }

  /**
   * As {@link #deactivate}, but deactivates all plugins that need this one first.
   *
   * @return the deactivated plugins, in that order
   */
  public List<String> deactivateWithDependents(String plugin) throws InterruptedException {
    List<String> left = new ArrayList<>();
    deactivate(plugin, true, left::add);
    return left;
  }

  /** Records each plugin that was deactivated, also when a later one refuses. */
  private void deactivate(String plugin, boolean cascade, Consumer<String> left)
      throws InterruptedException {
    record.watch(
        "deactivate",
        plugin,
        () -> {
          lifecycle.deactivate(
              plugin,
              cascade,
              name -> {
                record.done("deactivate", name);
                left.accept(name);
              });
          return true;
        });
  }

  /**
   * Makes an ERRORED plugin INACTIVE, so that it can be activated again.
   *
   * @throws ConflictException when it is not ERRORED
   */
  public void reset(String plugin) {
    record.watch(
        "reset",
        plugin,
        () -> {
          lifecycle.reset(plugin);
          return true;
        });
    record.done("reset", plugin);
  }

  /**
   * Replaces the installed version by another. A plugin in service serves without a break: the host
   * compiles, warms and exercises the new version first, and a failure leaves the old version in
   * service. The old version is kept for a {@link #rollback}.
   *
   * <p>A version that requests more capabilities waits for {@link #approve(String)}, and so does
   * one that reaches more by the capabilities it has: another origin in {@code http.fetch.allow},
   * say.
   *
   * <p>The signatures beside the file come with it; see {@link Delivery#signaturesBeside}.
   *
   * @throws BundleRejectedException when the bundle is not acceptable
   * @throws UntrustedException when the trust policy refuses the bundle; with the code {@code
   *     downgrade} when it is lower than a version of its publisher that was current before, and
   *     {@link Delivery#allowingDowngrade} was not called
   * @throws ActivationException when the new version cannot start
   * @throws ConflictException when an active plugin needs another version than this one
   */
  public UpdateResult update(Path bundle) throws InterruptedException {
    return update("", reader(bundle), "");
  }

  /** Updates to a bundle without signatures that is in memory; see {@link #update(Path)}. */
  public UpdateResult update(byte[] bundle) throws InterruptedException {
    return update("", bundle);
  }

  /** Updates to a bundle with its signatures; see {@link #update(Path)}. */
  public UpdateResult update(Delivery delivery) throws InterruptedException {
    return update("", delivery);
  }

  /**
   * As {@link #update(byte[])}.
   *
   * @throws BundleRejectedException also when the bundle belongs to another plugin
   */
  public UpdateResult update(String plugin, byte[] bundle) throws InterruptedException {
    return update(plugin, Delivery.of(bundle.clone()));
  }

  /**
   * As {@link #update(Delivery)}.
   *
   * @throws BundleRejectedException also when the bundle belongs to another plugin
   */
  public UpdateResult update(String plugin, Delivery delivery) throws InterruptedException {
    return update(plugin, () -> lifecycle.receive(delivery), delivery.reference());
  }

  /**
   * @param plugin the plugin that the bundle must belong to; empty for any
   * @param reference that was pulled; empty when none was
   */
  private UpdateResult update(String plugin, Supplier<Delivered> reader, String reference)
      throws InterruptedException {
    Delivered delivered =
        record.watch(
            "update",
            ChangeRecord.actor(),
            plugin,
            "",
            reference,
            () -> {
              Delivered read = reader.get();
              String name = read.bundle().manifest().name();
              if (!plugin.isEmpty() && !name.equals(plugin)) {
                throw new BundleRejectedException(
                    "the bundle is of " + name + ", not of " + plugin);
              }
              return read;
            });
    Manifest manifest = delivered.bundle().manifest();
    UpdateResult result =
        record.watch(
            "update",
            ChangeRecord.actor(),
            manifest.name(),
            manifest.version().toString(),
            reference,
            () -> lifecycle.update(delivered));
    record.replaced("update", manifest.name(), result, reference);
    return result;
  }

  /**
   * Puts a bundle in service: installs it, updates to it, or keeps it when it is the current
   * version. Then grants the named capabilities, except those that an operator has already decided
   * on, and activates the plugin, also when it was ERRORED. An application that ships its plugins
   * calls this at each start. When several hosts on one database call it at the same time, one
   * makes the changes and the others find them done.
   *
   * <p>A version that requests a capability which neither the previous version requested nor {@code
   * grants} names waits for {@link #approve(String)}. The previous version continues to serve. The
   * same holds for a version that reaches more by a capability which {@code grants} does not name.
   * To name {@code http.fetch} approves all origins of the bundle's {@code http.fetch.allow}, and
   * to name {@code secrets.keys} all that the bundle does with its secrets.
   *
   * @param grants the capabilities to grant
   * @throws BundleRejectedException when the bundle is not acceptable; then nothing is changed
   * @throws UntrustedException when the trust policy refuses it; then nothing is changed
   * @throws ActivationException when the plugin cannot start; the previous version continues to
   *     serve
   * @throws ConflictException when the bundle does not request a named capability, or when an
   *     active plugin needs another version; then nothing is changed
   */
  public DeployResult deploy(Path bundle, Set<String> grants) throws InterruptedException {
    return deploy(reader(bundle), grants, "");
  }

  /** Deploys a bundle without signatures that is in memory; see {@link #deploy(Path, Set)}. */
  public DeployResult deploy(byte[] bundle, Set<String> grants) throws InterruptedException {
    return deploy(Delivery.of(bundle.clone()), grants);
  }

  /** Deploys a bundle with its signatures; see {@link #deploy(Path, Set)}. */
  public DeployResult deploy(Delivery delivery, Set<String> grants) throws InterruptedException {
    return deploy(() -> lifecycle.receive(delivery), grants, delivery.reference());
  }

  private DeployResult deploy(Supplier<Delivered> reader, Set<String> grants, String reference)
      throws InterruptedException {
    Delivered delivered =
        record.watch("deploy", ChangeRecord.actor(), "", "", reference, reader::get);
    Manifest manifest = delivered.bundle().manifest();
    DeployResult result =
        record.watch(
            "deploy",
            ChangeRecord.actor(),
            manifest.name(),
            manifest.version().toString(),
            reference,
            () -> lifecycle.deploy(delivered, Set.copyOf(grants), ChangeRecord.actor()));
    record.deployed(result, reference);
    return result;
  }

  /**
   * Grants the waiting version the capabilities that it requests, and makes it the current version.
   *
   * @throws ConflictException when no version waits
   */
  public UpdateResult approve(String plugin) throws InterruptedException {
    return approve(plugin, waiting -> true);
  }

  /**
   * As {@link #approve(String)}, but only for the named version.
   *
   * @param meant its version, or the SHA-256 of its bundle
   * @throws ConflictException when no version waits, or another one
   */
  public UpdateResult approve(String plugin, String meant) throws InterruptedException {
    return approve(plugin, waiting -> isMeant(waiting, meant));
  }

  private UpdateResult approve(String plugin, Predicate<StoredVersion> meant)
      throws InterruptedException {
    UpdateResult result =
        record.watch(
            "approve", plugin, () -> lifecycle.approve(plugin, meant, ChangeRecord.actor()));
    record.replaced("approve", plugin, result);
    return result;
  }

  /**
   * Deletes the version that waits; the current one stays.
   *
   * @throws ConflictException when no version waits
   */
  public void reject(String plugin) {
    reject(plugin, waiting -> true);
  }

  /**
   * As {@link #reject(String)}, but only for the named version; see {@link #approve(String,
   * String)}.
   */
  public void reject(String plugin, String meant) {
    reject(plugin, waiting -> isMeant(waiting, meant));
  }

  private void reject(String plugin, Predicate<StoredVersion> meant) {
    StoredVersion rejected = record.watch("reject", plugin, () -> lifecycle.reject(plugin, meant));
    record.done(
        "reject",
        plugin,
        ChangeRecord.detail().put("rejected", rejected.version()).put("sha256", rejected.sha256()));
  }

  private static boolean isMeant(StoredVersion waiting, String meant) {
    return waiting.version().equals(meant) || waiting.sha256().equals(meant);
  }

  /**
   * How the capabilities of the waiting version, and what they reach, differ from those of the
   * current one; empty when no version waits.
   */
  public Optional<CapabilityChanges> pendingChanges(StoredPlugin plugin) {
    return lifecycle.pendingChanges(plugin);
  }

  /**
   * Puts in service what a plugin's author has just built: installs or updates the plugin, and
   * grants all capabilities that it requests. Nobody signs such a version. Where the trust policy
   * is enforced, the host takes it only if {@link HostConfig.TrustSource#takesDevelopment} says so.
   *
   * @param manifestJson the bytes of {@code manifest.json}
   * @param module the entry module
   * @throws BundleRejectedException when they are not acceptable
   * @throws ActivationException when the plugin cannot start; the previous version continues to
   *     serve
   */
  public DevelopResult develop(byte[] manifestJson, byte[] module) throws InterruptedException {
    return develop(manifestJson, module, Map.of(), Optional.empty(), Map.of());
  }

  /**
   * As {@link #develop(byte[], byte[])}, with other files of the bundle, and with all values of the
   * plugin's configuration and values of secrets, which hold before the version serves.
   *
   * @param files by name, such as {@code locales/de.json}
   * @param config empty to leave the configuration as it is
   * @param values of secrets by name; the others stay as they are. The caller may clear them
   * @throws InvalidConfigException when the values do not match the schema of the manifest; the
   *     previous version continues to serve
   * @throws ConflictException when there is a configuration and the manifest has no {@code
   *     config.schema}, or when the manifest does not name one of the secrets
   * @throws IllegalArgumentException when the value of a secret is empty or too long
   */
  public DevelopResult develop(
      byte[] manifestJson,
      byte[] module,
      Map<String, byte[]> files,
      Optional<ObjectNode> config,
      Map<String, byte[]> values)
      throws InterruptedException {
    Bundle bundle =
        record.watch(
            "develop",
            ChangeRecord.DEVELOPER,
            "",
            "",
            () -> Bundle.of(manifestJson, module, files, lifecycle.vocabulary()));
    Manifest manifest = bundle.manifest();
    DevelopResult result =
        record.watch(
            "develop",
            ChangeRecord.DEVELOPER,
            manifest.name(),
            manifest.version().toString(),
            () -> {
              secrets.requireAcceptable(manifest, values);
              return lifecycle.develop(
                  bundle,
                  ChangeRecord.DEVELOPER,
                  () -> {
                    config.ifPresent(all -> configs.develop(manifest, all));
                    secrets.develop(manifest, values);
                  });
            });
    record.done(
        "develop",
        ChangeRecord.DEVELOPER,
        result.plugin(),
        result.version(),
        ChangeRecord.detail()
            .put("action", result.action().name())
            .put("module_sha256", result.moduleSha256()));
    return result;
  }

  /**
   * Makes the previous version the current one again. The trust policy has to trust it now; that it
   * is lower needs no further permission.
   *
   * @throws UntrustedException when the trust policy refuses the previous version
   * @throws ConflictException when the previous version is no longer kept
   */
  public UpdateResult rollback(String plugin) throws InterruptedException {
    UpdateResult result = record.watch("rollback", plugin, () -> lifecycle.rollback(plugin));
    record.replaced("rollback", plugin, result);
    return result;
  }

  /**
   * Removes a plugin that is not active, and its key-value entries.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String plugin) {
    uninstall(plugin, false);
  }

  /**
   * As {@link #uninstall}, but keeps the key-value entries and tables for the next plugin of this
   * name.
   */
  public void uninstallKeepingData(String plugin) {
    uninstall(plugin, true);
  }

  private void uninstall(String plugin, boolean keepData) {
    String version = record.installedVersion(plugin);
    record.watch(
        "uninstall",
        plugin,
        () -> {
          lifecycle.uninstall(plugin, keepData);
          return true;
        });
    record.done(
        "uninstall",
        ChangeRecord.actor(),
        plugin,
        version,
        ChangeRecord.detail().put("data", keepData ? "kept" : "removed"));
  }

  /**
   * The capabilities that an installed plugin requests, and those that it has.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  public PluginGrants grants(String plugin) {
    return grants.of(lifecycle.manifest(plugin));
  }

  /**
   * Grants capabilities to the installed version of a plugin, durably. A plugin in service may use
   * them from its next call on.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when the version does not request one of them; then nothing is
   *     granted
   */
  public PluginGrants grant(String plugin, String... capabilities) {
    Manifest manifest = lifecycle.manifest(plugin);
    PluginGrants result = grants.grant(manifest, List.of(capabilities), ChangeRecord.actor());
    record.decided("grant", plugin, List.of(capabilities));
    return result;
  }

  /**
   * Grants the capabilities that the installed version of a plugin requests. A revoked capability
   * stays revoked.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  public PluginGrants grantRequested(String plugin) {
    Manifest manifest = lifecycle.manifest(plugin);
    SortedSet<String> added = new TreeSet<>(grants.of(manifest).missing());
    PluginGrants result = grants.grantUndecided(manifest, ChangeRecord.actor());
    added.retainAll(result.granted());
    if (!added.isEmpty()) {
      record.decided("grant", plugin, added);
    }
    return result;
  }

  /**
   * Revokes capabilities of the installed version of a plugin. A plugin in service is denied them
   * from its next call on.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when the version does not request one of them; then nothing is
   *     revoked
   */
  public PluginGrants revoke(String plugin, String... capabilities) {
    Manifest manifest = lifecycle.manifest(plugin);
    PluginGrants result = grants.revoke(manifest, List.of(capabilities), ChangeRecord.actor());
    record.decided("revoke", plugin, List.of(capabilities));
    return result;
  }
}
