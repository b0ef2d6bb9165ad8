package io.gonext.server;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.Delivery;
import io.gonext.host.Host;
import io.gonext.host.InstallResult;
import io.gonext.host.PluginGrants;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.UpdateResult;
import io.gonext.host.WarmUpProgress;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Locales;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Sha256;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.trust.BundleSignature;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The operator's API for plugins, below {@code /api/v1/plugins}, their jobs, what they do, the list
 * of the application's functions, and the cache invalidations. {@code openapi.json} describes it.
 * Every call requires an admin token; to look, a read-only token is enough.
 */
final class AdminApi {
  static final String PREFIX = "/api/v1/plugins";

  private static final String ONE = PREFIX + "/{name}";

  private final Host host;
  private final Access access;
  private final LogApi logs;
  private final SettingsApi settings;
  private final FunctionApi functions;
  private final InvalidationApi invalidations;
  private final JobApi jobs;
  private final RecordingApi recordings;
  private final ProfileApi profiles;
  private final OperationsApi operations;
  private final ActivityApi activity;

  AdminApi(Host host, Access access, BooleanSupplier closing, OperationsApi operations) {
    this.host = host;
    this.access = access;
    Predicate<Context> ends = ctx -> closing.getAsBoolean() || !access.isHolder(ctx);
    this.logs = new LogApi(host, ends);
    this.settings = new SettingsApi(host);
    this.functions = new FunctionApi(host);
    this.invalidations = new InvalidationApi(host, ends);
    this.jobs = new JobApi(host);
    this.recordings = new RecordingApi(host);
    this.profiles = new ProfileApi(host, closing);
    this.operations = operations;
    this.activity = new ActivityApi(host, ends);
  }

  /**
   * A method, a path and their handler.
   *
   * @param forReaders whether a read-only token is enough
   */
  record Endpoint(HandlerType method, String path, Handler handler, boolean forReaders) {
    /** Whoever may look may GET, and changes need an admin token. */
    Endpoint(HandlerType method, String path, Handler handler) {
      this(method, path, handler, method.equals(HandlerType.GET));
    }

    /** The same with an admin token only. */
    Endpoint forAdmins() {
      return new Endpoint(method, path, handler, false);
    }
  }

  List<Endpoint> endpoints() {
    return Stream.of(
            own(),
            settings.endpoints(ONE),
            jobs.endpoints(ONE),
            recordings.endpoints(ONE),
            profiles.endpoints(ONE),
            activity.endpoints(ONE),
            operations.endpoints())
        .flatMap(List::stream)
        .toList();
  }

  private List<Endpoint> own() {
    return List.of(
        new Endpoint(HandlerType.GET, "/api/v1/host", this::about),
        new Endpoint(HandlerType.POST, "/api/v1/trust/check", this::checkTrust),
        new Endpoint(HandlerType.GET, FunctionApi.PATH, functions::list),
        new Endpoint(HandlerType.GET, InvalidationApi.PATH, invalidations::get),
        new Endpoint(HandlerType.GET, PREFIX, this::list),
        new Endpoint(HandlerType.POST, PREFIX, this::install),
        new Endpoint(HandlerType.PUT, PREFIX, this::updateFromRegistry),
        new Endpoint(HandlerType.GET, ONE, this::show),
        new Endpoint(HandlerType.DELETE, ONE, this::uninstall),
        new Endpoint(HandlerType.PUT, ONE + "/bundle", this::update),
        new Endpoint(HandlerType.POST, ONE + "/activate", this::activate),
        new Endpoint(HandlerType.POST, ONE + "/deactivate", this::deactivate),
        new Endpoint(HandlerType.POST, ONE + "/reset", this::reset),
        new Endpoint(HandlerType.POST, ONE + "/approve", this::approve),
        new Endpoint(HandlerType.POST, ONE + "/reject", this::reject),
        new Endpoint(HandlerType.POST, ONE + "/rollback", this::rollback),
        new Endpoint(HandlerType.GET, ONE + "/versions", this::versions),
        new Endpoint(HandlerType.GET, ONE + "/health", this::health),
        new Endpoint(HandlerType.GET, ONE + "/logs", logs::lines),
        new Endpoint(HandlerType.GET, ONE + "/logs/stream", logs::stream),
        new Endpoint(HandlerType.GET, ONE + "/audit", this::audit),
        new Endpoint(HandlerType.GET, ONE + "/grants", this::grants),
        new Endpoint(HandlerType.PUT, ONE + "/grants/{capability}", this::grant),
        new Endpoint(HandlerType.DELETE, ONE + "/grants/{capability}", this::revoke));
  }

  void addTo(RoutesConfig routes) {
    routes.get(
        "/api/v1/openapi.json",
        ctx -> ctx.contentType("application/json").result(openApiDocument()));
    for (Endpoint endpoint : endpoints()) {
      routes.addHttpHandler(
          endpoint.method(),
          endpoint.path(),
          ctx -> {
            String holder =
                endpoint.forReaders() ? access.requireReader(ctx) : access.requireAdmin(ctx);
            host.audit().recordedAs(holder, () -> endpoint.handler().handle(ctx));
          });
    }
  }

  private static byte[] openApiDocument() throws IOException {
    try (var in = AdminApi.class.getResourceAsStream("openapi.json")) {
      return Objects.requireNonNull(in, "openapi.json").readAllBytes();
    }
  }

  private void about(Context ctx) {
    answer(
        ctx,
        JsonNodeFactory.instance
            .objectNode()
            .put("version", Host.version())
            .put("trust_mode", host.trust().policy().mode().toString()));
  }

  /** Says what the trust policy would say of a bundle, and changes nothing. */
  private void checkTrust(Context ctx) throws IOException, InterruptedException {
    Delivery delivery = delivery(ctx);
    answer(ctx, TrustView.of(host.trust().check(delivery), delivery));
  }

  private void list(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var plugins = body.putArray("plugins");
    host.plugins().list().forEach(stored -> plugins.add(view(stored)));
    answer(ctx, body);
  }

  private void install(Context ctx) throws IOException, InterruptedException {
    InstallResult installed = host.plugins().install(delivery(ctx));
    String name = installed.manifest().name();
    if (flag(ctx, "grant")) {
      host.plugins().grantRequested(name);
    }
    List<String> warnings = new ArrayList<>(installed.warnings());
    if (flag(ctx, "activate")) {
      warnings.addAll(host.plugins().activate(name));
    }
    ctx.status(installed.unchanged() ? HttpStatus.OK : HttpStatus.CREATED);
    ctx.header("Location", PREFIX + "/" + name);
    ObjectNode body = plugin(name);
    body.put("unchanged", installed.unchanged());
    warnings.forEach(body.putArray("warnings")::add);
    answer(ctx, body);
  }

  private void uninstall(Context ctx) {
    // A misspelt keep_data must not delete the data.
    for (String name : ctx.queryParamMap().keySet()) {
      if (!name.equals("keep_data")) {
        throw new Problem(
            HttpStatus.BAD_REQUEST, "there is no parameter " + name + ", only keep_data");
      }
    }
    if (flag(ctx, "keep_data")) {
      host.plugins().uninstallKeepingData(name(ctx));
    } else {
      host.plugins().uninstall(name(ctx));
    }
    ctx.status(HttpStatus.NO_CONTENT);
  }

  private void update(Context ctx) throws IOException, InterruptedException {
    Optional<Pinned> reference = reference(ctx);
    List<BundleSignature> signatures = BundleBody.signatures(ctx);
    Optional<Delivery> uploaded =
        reference.isPresent() ? Optional.empty() : Optional.of(BundleBody.read(ctx));
    boolean approve = flag(ctx, "approve");
    // Without this check the audit log would record a failed update of a plugin that does not
    // exist.
    requireInstalled(host, name(ctx));
    Delivery bundle = uploaded.isPresent() ? uploaded.get() : fetched(reference.orElseThrow());
    UpdateResult result = host.plugins().update(name(ctx), asked(ctx, bundle, signatures));
    answer(ctx, approved(name(ctx), result, approve));
  }

  /** Updates the plugin that a bundle in a registry belongs to: its reference does not name it. */
  private void updateFromRegistry(Context ctx) throws IOException, InterruptedException {
    boolean approve = flag(ctx, "approve");
    Pinned reference =
        reference(ctx)
            .orElseThrow(() ->
                new Problem(
                    HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                    "send {\"reference\": \"oci://...\"} as application/json, or the bundle to "
                        + ONE
                        + "/bundle"));
    List<BundleSignature> signatures = BundleBody.signatures(ctx);
    PulledPlugin pulled = pull(reference);
    requireInstalled(host, pulled.plugin());
    UpdateResult result =
        host.plugins().update(pulled.plugin(), asked(ctx, Delivery.fetched(pulled), signatures));
    ctx.header("Location", PREFIX + "/" + pulled.plugin());
    answer(ctx, approved(pulled.plugin(), result, approve));
  }

  private UpdateResult approved(String plugin, UpdateResult result, boolean approve)
      throws InterruptedException {
    return result instanceof UpdateResult.AwaitingApproval waiting && approve
        ? host.plugins().approve(plugin, waiting.sha256())
        : result;
  }

  /**
   * A bundle in a registry.
   *
   * @param digest that the bundle must have; empty for any
   */
  private record Pinned(OciReference reference, String digest) {}

  /** What a body {@code {"reference": "oci://..."}} names; empty for a bundle. */
  private static Optional<Pinned> reference(Context ctx) throws IOException {
    String type = ctx.contentType();
    if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
      return Optional.empty();
    }
    JsonNode body = RequestBody.object(ctx);
    JsonNode reference = body.path("reference");
    JsonNode digest = body.path("digest");
    if (body.size() != (digest.isMissingNode() ? 1 : 2)
        || !reference.isString()
        || !digest.asString("sha256:" + "0".repeat(64)).matches("sha256:[0-9a-f]{64}")) {
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          "the body must be {\"reference\": \"oci://...\"}, with \"digest\": \"sha256:...\" of the"
              + " bundle if it must have this one");
    }
    return Optional.of(new Pinned(OciReference.parse(reference.asString("")), digest.asString("")));
  }

  private PulledPlugin pull(Pinned pinned) throws InterruptedException {
    PulledPlugin pulled = host.plugins().pull(pinned.reference());
    String found = "sha256:" + Sha256.hex(pulled.bundle());
    if (!pinned.digest().isEmpty() && !pinned.digest().equals(found)) {
      throw new Problem(
          HttpStatus.UNPROCESSABLE_CONTENT,
          pinned.reference()
              + ": its bundle has the digest "
              + found
              + " and not "
              + pinned.digest()
              + ": it is another bundle than the one that was meant");
    }
    return pulled;
  }

  /** The bundle in the body, or in the registry that the body names. */
  private Delivery delivery(Context ctx) throws IOException, InterruptedException {
    Optional<Pinned> reference = reference(ctx);
    List<BundleSignature> signatures = BundleBody.signatures(ctx);
    Delivery bundle = reference.isPresent() ? fetched(reference.get()) : BundleBody.read(ctx);
    return asked(ctx, bundle, signatures);
  }

  private Delivery fetched(Pinned pinned) throws InterruptedException {
    return Delivery.fetched(pull(pinned));
  }

  /**
   * The same bundle as the request wants it taken.
   *
   * @param signatures in place of those that came with it; empty for those
   */
  private static Delivery asked(Context ctx, Delivery bundle, List<BundleSignature> signatures) {
    Delivery signed = signatures.isEmpty() ? bundle : bundle.withSignatures(signatures);
    return flag(ctx, "allow_downgrade") ? signed.allowingDowngrade() : signed;
  }

  private void activate(Context ctx) throws InterruptedException {
    List<String> warnings = host.plugins().activate(name(ctx));
    ObjectNode body = plugin(name(ctx));
    warnings.forEach(body.putArray("warnings")::add);
    answer(ctx, body);
  }

  private void deactivate(Context ctx) throws InterruptedException {
    if (flag(ctx, "cascade")) {
      host.plugins().deactivateWithDependents(name(ctx));
    } else {
      host.plugins().deactivate(name(ctx));
    }
    answer(ctx, plugin(name(ctx)));
  }

  private void reset(Context ctx) {
    host.plugins().reset(name(ctx));
    answer(ctx, plugin(name(ctx)));
  }

  private void approve(Context ctx) throws IOException, InterruptedException {
    String meant = meant(ctx);
    answer(
        ctx,
        meant.isEmpty()
            ? host.plugins().approve(name(ctx))
            : host.plugins().approve(name(ctx), meant));
  }

  private void reject(Context ctx) throws IOException {
    String meant = meant(ctx);
    if (meant.isEmpty()) {
      host.plugins().reject(name(ctx));
    } else {
      host.plugins().reject(name(ctx), meant);
    }
    answer(ctx, plugin(name(ctx)));
  }

  /** The version or the SHA-256 of the bundle that the operator decided on; empty for none. */
  private String meant(Context ctx) throws IOException {
    byte[] bytes = RequestBody.bytes(ctx);
    if (bytes.length == 0) {
      return "";
    }
    JsonNode body;
    try {
      body = StrictJson.parse(bytes);
    } catch (InvalidJsonException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, "the body is not JSON: " + e.getMessage());
    }
    String meant = body.path("sha256").stringValue(body.path("version").stringValue(""));
    if (body.size() != 1 || meant.isEmpty()) {
      throw new Problem(
          HttpStatus.BAD_REQUEST, "the body must be {\"sha256\": ...} or {\"version\": ...}");
    }
    return meant;
  }

  private void rollback(Context ctx) throws InterruptedException {
    answer(ctx, host.plugins().rollback(name(ctx)));
  }

  private void versions(Context ctx) {
    StoredPlugin stored = stored(name(ctx));
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var versions = body.putArray("versions");
    versions.add(view(stored.name(), stored.current()).put("role", "current"));
    if (stored.previous() != null) {
      versions.add(
          view(stored.name(), stored.previous())
              .put("role", "previous")
              .put("replaced_at", String.valueOf(stored.replacedAt())));
    }
    if (stored.pending() != null) {
      ObjectNode pending = view(stored.name(), stored.pending()).put("role", "pending");
      putChanges(pending, "", stored);
      versions.add(pending);
    }
    answer(ctx, body);
  }

  private void health(Context ctx) {
    StoredPlugin stored = stored(name(ctx));
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    String trouble = host.health().trouble(stored).orElse(null);
    body.put("name", stored.name()).put("state", stored.state().name());
    body.put("healthy", trouble == null);
    putIf(body, "reason", trouble);
    WarmUpProgress warmUp = host.health().warmUp();
    if (warmUp.isWarming()) {
      HealthApi.putWarmUp(body, warmUp);
    }
    answer(ctx, body);
  }

  private void audit(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var audit = body.putArray("audit");
    host.audit()
        .newest(name(ctx), OperationsApi.auditLimit(ctx))
        .forEach(row -> audit.add(OperationsApi.view(row)));
    answer(ctx, body);
  }

  private void grants(Context ctx) {
    answer(ctx, view(host.plugins().grants(name(ctx))));
  }

  private void grant(Context ctx) {
    answer(ctx, view(host.plugins().grant(name(ctx), ctx.pathParam("capability"))));
  }

  private void revoke(Context ctx) {
    answer(ctx, view(host.plugins().revoke(name(ctx), ctx.pathParam("capability"))));
  }

  private StoredPlugin stored(String name) {
    return requireInstalled(host, name);
  }

  static StoredPlugin requireInstalled(Host host, String name) {
    return host.plugins().find(name).orElseThrow(() -> new UnknownPluginException(name));
  }

  /** The name of the plugin of the path, which is installed. */
  static String installed(Host host, Context ctx) {
    return requireInstalled(host, name(ctx)).name();
  }

  /** A plugin with everything that this host knows about it. */
  private void show(Context ctx) {
    String name = name(ctx);
    ObjectNode body = plugin(name);
    try {
      putManifest(body, host.plugins().manifest(name));
      putLocales(body, host.plugins().locales(name));
    } catch (BundleRejectedException e) {
      // A newer host wrote it. The rest can still be shown.
      body.put("manifest_problem", e.getMessage());
    }
    ObjectNode calls = body.putObject("calls").put("failed", host.health().failedTurns(name));
    host.health()
        .pool(name)
        .ifPresent(pool ->
            calls
                .put("made", pool.checkouts())
                .put("running", pool.inUse())
                .put("waiting", pool.waiting())
                .put("instances", pool.live()));
    var failures = body.putArray("failures");
    for (PastFailure past : host.health().recentFailures(name)) {
      failures
          .addObject()
          .put("at", past.at().toString())
          .put("version", past.failure().version())
          .put("hook", past.failure().hook())
          .put("code", past.failure().outcome().name())
          .put("message", past.failure().reason());
    }
    answer(ctx, body);
  }

  private static void putManifest(ObjectNode body, Manifest manifest) {
    ObjectNode hooks = body.putObject("hooks");
    putHooks(hooks.putArray("filters"), manifest.filters());
    putHooks(hooks.putArray("actions"), manifest.actions());
    var routes = body.putArray("routes");
    for (Manifest.Route route : manifest.routes()) {
      routes
          .addObject()
          .put("method", route.method())
          .put("path", "/api/plugins/" + manifest.name() + route.path());
    }
    var depends = body.putArray("depends");
    for (Manifest.Dependency dependency : manifest.dependencies()) {
      depends
          .addObject()
          .put("name", dependency.name())
          .put("version", dependency.versionRange().toString());
    }
    var metrics = body.putArray("metrics");
    for (Manifest.Metric metric : manifest.metrics()) {
      ObjectNode shown =
          metrics.addObject().put("name", metric.name()).put("kind", metric.kind().toString());
      if (!metric.unit().isEmpty()) {
        shown.put("unit", metric.unit());
      }
      metric.labelNames().forEach(shown.putArray("labels")::add);
    }
  }

  private static void putLocales(ObjectNode body, Locales locales) {
    locales.tags().forEach(body.putArray("locales")::add);
    locales.defaultTag().ifPresent(tag -> body.put("default_locale", tag));
  }

  private static void putHooks(ArrayNode to, List<Manifest.Hook> hooks) {
    for (Manifest.Hook hook : hooks) {
      to.addObject()
          .put("name", hook.name())
          .put("priority", hook.priority())
          .put("batch", hook.batch());
    }
  }

  private ObjectNode plugin(String name) {
    return view(stored(name));
  }

  private ObjectNode view(StoredPlugin plugin) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("name", plugin.name());
    body.put("state", plugin.state().name());
    body.setAll(view(plugin.name(), plugin.current()));
    body.set("trust", TrustView.of(host, plugin));
    putIf(body, "cause", plugin.cause());
    putIf(body, "previous", plugin.previous() == null ? null : plugin.previous().version());
    if (plugin.pending() != null) {
      body.put("pending", plugin.pending().version());
      body.put("pending_sha256", plugin.pending().sha256());
      putChanges(body, "pending_", plugin);
    }
    host.plugins()
        .limits(plugin.name())
        .ifPresent(limits -> {
          ObjectNode shown =
              body.putObject("limits")
                  .put("memory_mb", limits.memoryMb())
                  .put("call_ms", limits.call().toMillis())
                  .put("wait_ms", limits.waits().toMillis())
                  .put("instances_min", limits.instancesMin())
                  .put("instances_max", limits.instancesMax());
          limits.fuel().ifPresent(units -> shown.put("fuel", units));
        });
    if (plugin.cause() == null) {
      putIf(body, "trouble", host.health().trouble(plugin).orElse(null));
    }
    return body;
  }

  private ObjectNode view(String plugin, StoredVersion version) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("version", version.version())
            .put("sha256", version.sha256())
            .put("installed_at", version.installedAt().toString());
    body.set("trust", TrustView.of(host, plugin, version));
    return body;
  }

  private ObjectNode view(PluginGrants grants) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("name", grants.plugin()).put("version", grants.version());
    var capabilities = body.putArray("capabilities");
    for (String id : grants.requested()) {
      ObjectNode capability =
          capabilities
              .addObject()
              .put("id", id)
              .put("granted", grants.granted().contains(id))
              .put("sensitive", host.capabilities().isSensitive(id));
      putIf(capability, "not_offered", host.capabilities().notOffered(id).orElse(null));
    }
    return body;
  }

  private void answer(Context ctx, UpdateResult result) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    switch (result) {
      case UpdateResult.Unchanged(String version) ->
          body.put("action", "unchanged").put("version", version);
      case UpdateResult.Replaced replaced -> {
        body.put("action", "replaced");
        body.put("from", replaced.from()).put("version", replaced.to());
        body.put("sha256", replaced.sha256());
        body.put("swap_ms", replaced.swap().toNanos() / 1e6);
        body.put("warm_up_calls", replaced.warmUpCalls());
        replaced.warnings().forEach(body.putArray("warnings")::add);
      }
      case UpdateResult.AwaitingApproval waiting -> {
        ctx.status(HttpStatus.ACCEPTED);
        body.put("action", "awaiting_approval");
        body.put("from", waiting.from()).put("version", waiting.to());
        body.put("sha256", waiting.sha256());
        put(body, "", waiting.capabilities());
        waiting.obstacles().forEach(body.putArray("obstacles")::add);
      }
    }
    answer(ctx, body);
  }

  private void putChanges(ObjectNode body, String prefix, StoredPlugin plugin) {
    host.plugins().pendingChanges(plugin).ifPresent(changes -> put(body, prefix, changes));
  }

  private static void put(ObjectNode body, String prefix, CapabilityChanges diff) {
    var changes = body.putArray(prefix + "capabilities");
    for (CapabilityChanges.Change change : diff.changes()) {
      changes
          .addObject()
          .put("change", String.valueOf(change.kind().sign()))
          .put("id", change.capability())
          .put("sensitive", change.sensitive());
    }
    var wider = body.putArray(prefix + "wider");
    diff.wider().forEach(way -> wider.add(way.toString()));
  }

  private static void answer(Context ctx, JsonNode body) {
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  private static void putIf(ObjectNode body, String field, @Nullable String value) {
    if (value != null) {
      body.put(field, value);
    }
  }

  private static String name(Context ctx) {
    return ctx.pathParam("name");
  }

  private static boolean flag(Context ctx, String name) {
    String value = ctx.queryParam(name);
    return switch (value) {
      case null -> false;
      case "true", "" -> true;
      case "false" -> false;
      default ->
          throw new Problem(HttpStatus.BAD_REQUEST, name + " must be true or false, not " + value);
    };
  }
}
