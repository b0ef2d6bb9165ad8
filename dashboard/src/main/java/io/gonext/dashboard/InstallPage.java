package io.gonext.dashboard;

import io.gonext.host.BundleCheck;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Delivery;
import io.gonext.host.DeployResult;
import io.gonext.host.Host;
import io.gonext.host.HostException;
import io.gonext.host.Provenance;
import io.gonext.host.StoredPlugin;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Reach;
import io.gonext.host.registry.OciReference;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes a bundle by upload or from a registry, shows everything that the host says of it and what
 * it asks for, and then grants and activates it in one step.
 */
final class InstallPage implements Page {
  private static final String PATH = "/install";
  private static final String ONE = PATH + "/{upload}";

  private static final String CAPABILITY = "capability";
  private static final int MAX_REFERENCE_BYTES = 1024;
  private static final int MAX_CSRF_BYTES = 256;

  private static final Map<String, Integer> FIELDS =
      Map.of(
          Visit.CSRF,
          MAX_CSRF_BYTES,
          "bundle",
          Bundle.MAX_BYTES,
          "signature",
          BundleSignature.MAX_FILE_BYTES,
          "reference",
          MAX_REFERENCE_BYTES);

  private final Host host;
  private final Uploads uploads;

  InstallPage(Host host, Uploads uploads) {
    this.host = host;
    this.uploads = uploads;
  }

  /**
   * What the host says of a bundle.
   *
   * @param installed the version that is installed; empty for none
   * @param same whether that is this bundle
   * @param wishes the capabilities that take a decision
   */
  record Model(
      String id,
      BundleCheck check,
      String name,
      String trust,
      boolean trusted,
      String installed,
      boolean same,
      List<Fact> facts,
      List<Wish> wishes,
      List<String> reach) {
    String compiled() {
      return Shown.time(check.compileTime());
    }

    /** What the button does. */
    String button() {
      return installed.isEmpty() ? "Install, grant and activate" : "Update, grant and activate";
    }
  }

  /** A part of the manifest. */
  record Fact(String name, List<String> values) {}

  /** A capability that the bundle asks for and that takes a decision. */
  record Wish(String id, String description, boolean sensitive, boolean granted) {}

  @Override
  public void addTo(Routes routes) {
    routes.changeNav("Install", PATH);
    routes.changePage(PATH, visit -> Answer.page("Install a plugin", "install", ""));
    routes.upload(PATH, this::check);
    routes.changePage(ONE, this::show);
    routes.form(ONE, this::deploy);
    routes.form(ONE + "/store", this::store);
    routes.form(ONE + "/discard", this::discard);
  }

  private Answer check(Visit visit) throws IOException, InterruptedException {
    UploadForm form = UploadForm.read(visit.request(), FIELDS);
    visit.requireCsrf(form.text(Visit.CSRF));
    Delivery delivery;
    try {
      delivery = delivery(form);
    } catch (HostException | IllegalArgumentException e) {
      return visit.refused(PATH, String.valueOf(e.getMessage()));
    }
    String id = uploads.keep(visit.browser(), delivery, host.plugins().check(delivery));
    return new Answer.Redirect(PATH + "/" + id);
  }

  private Delivery delivery(UploadForm form) throws InterruptedException {
    List<byte[]> bundles = form.files("bundle");
    String reference = form.text("reference").strip();
    if (bundles.size() + (reference.isEmpty() ? 0 : 1) != 1) {
      throw new IllegalArgumentException(
          "Choose one .gnplugin file, or name one reference such as"
              + " oci://ghcr.io/acme/my-plugin:1.2.0.");
    }
    List<BundleSignature> signatures =
        form.files("signature").stream().map(BundleSignature::parse).toList();
    if (!bundles.isEmpty()) {
      return new Delivery(bundles.getFirst(), signatures, "");
    }
    Delivery pulled = Delivery.fetched(host.plugins().pull(OciReference.parse(reference)));
    return signatures.isEmpty() ? pulled : pulled.withSignatures(signatures);
  }

  private Uploads.Upload upload(Visit visit) {
    return uploads
        .find(visit.browser(), visit.path("upload"))
        .orElseThrow(() ->
            new Refusal(
                Refusal.NOT_FOUND,
                "This bundle is no longer kept: a checked bundle waits for 15 minutes. Upload it"
                    + " again."));
  }

  private Answer show(Visit visit) {
    Model model = model(visit.path("upload"), upload(visit));
    return Answer.page(model.name(), "installcheck", model);
  }

  private Model model(String id, Uploads.Upload upload) {
    BundleCheck check = upload.check();
    Manifest manifest = check.manifest();
    Provenance provenance = check.provenance();
    StoredPlugin installed =
        manifest == null ? null : host.plugins().find(manifest.name()).orElse(null);
    return new Model(
        id,
        check,
        manifest == null ? "A bundle" : manifest.id(),
        provenance == null ? "" : provenance.summary(),
        provenance != null && provenance.isTrusted(),
        installed == null ? "" : installed.current().version(),
        installed != null && installed.current().sha256().equals(check.sha256()),
        manifest == null ? List.of() : facts(manifest, upload.delivery()),
        manifest == null ? List.of() : wishes(manifest, installed),
        manifest == null
            ? List.of()
            : Reach.of(manifest).ways().stream().map(Object::toString).toList());
  }

  private static List<Fact> facts(Manifest manifest, Delivery delivery) {
    List<Fact> facts = new ArrayList<>();
    add(facts, "Filters", manifest.filters().stream().map(Manifest.Hook::name).toList());
    add(facts, "Actions", manifest.actions().stream().map(Manifest.Hook::name).toList());
    add(facts, "Routes", manifest.routes().stream().map(Manifest.Route::toString).toList());
    add(facts, "Jobs", manifest.jobs().stream().map(Manifest.Job::name).toList());
    add(
        facts,
        "Needs",
        manifest.dependencies().stream()
            .map(needed -> needed.name() + " " + needed.versionRange())
            .toList());
    add(
        facts,
        "Secrets",
        manifest.secrets().stream()
            .map(secret -> secret.name() + (secret.required() ? " (required)" : ""))
            .toList());
    add(facts, "Bundle", List.of(Shown.bytes(delivery.bundle().length)));
    add(
        facts,
        "From",
        List.of(delivery.reference().isEmpty() ? delivery.origin() : delivery.reference()));
    return facts;
  }

  private static void add(List<Fact> facts, String name, List<String> values) {
    if (!values.isEmpty()) {
      facts.add(new Fact(name, values));
    }
  }

  private List<Wish> wishes(Manifest manifest, @Nullable StoredPlugin installed) {
    Set<String> granted =
        installed == null ? Set.of() : host.plugins().grants(manifest.name()).granted();
    return manifest.requestedCapabilities().stream()
        .filter(id -> !CapabilityRegistry.comesWithPlugin(id))
        .map(id ->
            new Wish(
                id,
                VersionsPage.description(host, id),
                host.capabilities().isSensitive(id),
                granted.contains(id)))
        .toList();
  }

  private static String name(Uploads.Upload upload) {
    Manifest manifest = upload.check().manifest();
    if (manifest == null || !upload.check().passed()) {
      throw new Refusal(Refusal.UNPROCESSABLE, "The host refuses this bundle.");
    }
    return manifest.name();
  }

  /** Grants what was ticked, and puts the bundle in service. */
  private Answer deploy(Visit visit) throws IOException, InterruptedException {
    Uploads.Upload upload = upload(visit);
    String name = name(upload);
    Set<String> grants =
        visit.form().getOrDefault(CAPABILITY, List.of()).stream().collect(Collectors.toSet());
    return change(
        visit,
        upload,
        () -> {
          DeployResult result = host.plugins().deploy(upload.delivery(), grants);
          return sentences(
              switch (result.action()) {
                case INSTALLED -> name + " " + result.version() + " is installed and in service.";
                case UPDATED ->
                    name + " has version " + result.version() + " now, and is in service.";
                case UNCHANGED -> name + " " + result.version() + " is in service.";
                case AWAITING_APPROVAL ->
                    name
                        + "'s version "
                        + result.version()
                        + " asks for more than you granted: it waits for approval.";
              },
              result.warnings());
        });
  }

  /** Installs the bundle, and does not put it in service. */
  private Answer store(Visit visit) throws IOException, InterruptedException {
    Uploads.Upload upload = upload(visit);
    String name = name(upload);
    return change(
        visit,
        upload,
        () ->
            sentences(
                name + " is installed. It is not in service yet.",
                host.plugins().install(upload.delivery()).warnings()));
  }

  /** Leads to the plugin's page once it is installed, and otherwise back to the bundle. */
  private Answer change(Visit visit, Uploads.Upload upload, Visit.Change change)
      throws IOException, InterruptedException {
    String id = visit.path("upload");
    String name = name(upload);
    try {
      String done = change.make();
      uploads.drop(id);
      return visit.done(PluginHead.path(name, ""), done);
    } catch (HostException | IllegalArgumentException e) {
      boolean installed =
          host.plugins()
              .find(name)
              .filter(known -> known.current().sha256().equals(upload.check().sha256()))
              .isPresent();
      return visit.refused(
          installed ? PluginHead.path(name, "") : PATH + "/" + id, String.valueOf(e.getMessage()));
    }
  }

  private static String sentences(String first, List<String> warnings) {
    return warnings.isEmpty() ? first : first + "\n" + String.join("\n", warnings);
  }

  private Answer discard(Visit visit) {
    uploads.drop(visit.path("upload"));
    return new Answer.Redirect(PATH);
  }
}
