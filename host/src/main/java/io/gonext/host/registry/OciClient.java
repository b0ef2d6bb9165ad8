package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.RegistryException;
import io.gonext.host.internal.service.http.NameLookup;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.FetchUrl;
import io.gonext.host.manifest.ManifestReader;
import io.gonext.host.trust.BundleSignature;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of OCI registries (distribution specification 1.1), for plugins and their indexes.
 * Whatever a registry sends is bounded before it is read, and digests are checked. Each operation
 * blocks, for at most {@link RegistrySettings#timeout}; an interrupt ends it. It connects when it
 * is first used.
 *
 * <p>All operations throw a {@link RegistryException} when the registry does not do what it is
 * asked, or is not one of {@link RegistrySettings#allowed}.
 *
 * <p>Thread-safe.
 */
public final class OciClient implements AutoCloseable {
  /** The largest SBOM and the largest provenance, in bytes. */
  static final int MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

  private static final Logger log = LoggerFactory.getLogger(OciClient.class);

  private static final String INDEX_TITLE = "index.json";

  private static final String TITLE = "org.opencontainers.image.title";
  private static final String VERSION = "org.opencontainers.image.version";
  private static final String DESCRIPTION = "org.opencontainers.image.description";
  private static final Duration HELPER_LIMIT = Duration.ofSeconds(30);

  private final RegistrySettings settings;
  private final RegistryHttp http;
  private final Authorizer authorizer;
  private final Retries retries;
  private final LongSupplier nanoTime;

  public OciClient(RegistrySettings settings) {
    this(
        settings,
        new Parts(
            InetAddress::getAllByName,
            () -> tls(settings),
            new CredentialProgram(DockerConfig.searchPath(), HELPER_LIMIT),
            Thread::sleep,
            RandomGenerator.getDefault(),
            System::nanoTime));
  }

  static SslContextFactory.Client tls(RegistrySettings settings) {
    SslContextFactory.Client tls = new SslContextFactory.Client();
    settings.authorities().map(Authorities::with).ifPresent(tls::setTrustStore);
    return tls;
  }

  OciClient(RegistrySettings settings, Parts parts) {
    this.settings = settings;
    this.http = new RegistryHttp(parts.lookup(), parts.tls(), settings.proxies());
    this.authorizer =
        new Authorizer(http, new DockerConfig(settings.dockerConfig(), parts.helper()));
    this.retries = new Retries(parts.pause(), parts.random());
    this.nanoTime = parts.nanoTime();
  }

  /** What a client needs of the outside. */
  record Parts(
      NameLookup lookup,
      Supplier<SslContextFactory.Client> tls,
      CredentialProgram helper,
      Retries.Pause pause,
      RandomGenerator random,
      LongSupplier nanoTime) {}

  /** One operation on one repository. */
  private record Session(Manifests manifests, Blobs blobs, Endpoint at) {}

  private Session session(
      OciReference reference, List<String> scopes, Deadline deadline, TransferListener listener) {
    Endpoint at = Endpoint.of(reference, isPlain(reference.registry()));
    RegistryCalls calls = new RegistryCalls(http, authorizer, at, scopes, deadline);
    return new Session(new Manifests(calls, retries), new Blobs(calls, retries, listener), at);
  }

  private boolean isPlain(String registry) {
    if (settings.plainHttp().contains(registry)) {
      return true;
    }
    String host = FetchUrl.parse("https://" + registry + "/").host();
    return host.equals("localhost")
        || (FetchUrl.isAddress(host) && FetchUrl.address(host).isLoopbackAddress());
  }

  private static List<String> pulls(OciReference reference) {
    return List.of("repository:" + reference.repository() + ":pull");
  }

  private static List<String> pushes(OciReference reference) {
    return List.of("repository:" + reference.repository() + ":pull,push");
  }

  private void requireAllowed(OciReference reference) {
    if (settings.allowed().stream().noneMatch(pattern -> pattern.matches(reference))) {
      throw new RegistryException(
          RegistryException.Kind.NOT_ALLOWED,
          settings.allowed().isEmpty()
              ? "this host pulls from no registry: start it with gonext serve --registry "
                  + reference.registry()
                  + ", or install the file that gonext plugin pull writes"
              : "this host does not pull from "
                  + reference.origin()
                  + ": an operator can allow it with gonext serve --registry");
    }
  }

  private Deadline deadline() {
    return Deadline.in(settings.timeout(), nanoTime);
  }

  /**
   * Stores a plugin under the tag of the reference, or under its version, and its signatures as
   * artifacts that refer to it. The same artifact has the same digest each time.
   *
   * @throws BundleRejectedException when the bundle has no manifest with a name and a version
   */
  public PushedArtifact push(OciReference to, PluginArtifact artifact, TransferListener listener)
      throws InterruptedException {
    requireAllowed(to);
    if (to.digest().isPresent()) {
      throw new RegistryException(
          RegistryException.Kind.REFERENCE,
          "a push takes no digest, since the bundle decides it: leave out "
              + "@"
              + to.digest().get());
    }
    byte[] manifestJson = manifestJson(artifact.bundle());
    Named named = Named.read(manifestJson);
    String base = named.name + "-" + named.version;
    String file = base + ".gnplugin";
    Map<Descriptor, byte[]> blobs = new LinkedHashMap<>();
    Descriptor config = Descriptor.of(MediaTypes.MANIFEST, manifestJson);
    blobs.put(config, manifestJson);
    List<Descriptor> layers = new ArrayList<>();
    add(layers, blobs, MediaTypes.BUNDLE, file, artifact.bundle());
    artifact
        .sbom()
        .ifPresent(sbom -> add(layers, blobs, MediaTypes.SBOM, base + ".cdx.json", sbom));
    artifact
        .provenance()
        .ifPresent(
            one -> add(layers, blobs, MediaTypes.PROVENANCE, base + ".provenance.json", one));
    Map<String, String> annotations = new TreeMap<>(artifact.annotations());
    annotations.putIfAbsent(TITLE, named.name);
    annotations.put(VERSION, named.version);
    if (!named.description.isEmpty()) {
      annotations.putIfAbsent(DESCRIPTION, named.description);
    }
    ImageManifest manifest =
        new ImageManifest(MediaTypes.PLUGIN, config, layers, Optional.empty(), annotations);

    Session session = session(to, pushes(to), deadline(), listener);
    OciReference tagged = to.tag().isPresent() ? to : to.withTag(named.version);
    return push(session, tagged, manifest, blobs, file, artifact.signatureFiles());
  }

  private static PushedArtifact push(
      Session session,
      OciReference tagged,
      ImageManifest manifest,
      Map<Descriptor, byte[]> blobs,
      String title,
      List<byte[]> signatureFiles)
      throws InterruptedException {
    long sent = writeAll(session, blobs, Optional.empty());
    byte[] bytes = manifest.bytes();
    session.manifests.write(tagged.tag().orElseThrow(), MediaTypes.IMAGE_MANIFEST, bytes);
    Descriptor subject = Descriptor.of(MediaTypes.IMAGE_MANIFEST, bytes);
    for (byte[] signature : signatureFiles) {
      sent += sign(session, subject, title + ".sig", signature);
    }
    return new PushedArtifact(
        tagged.withDigest(subject.digest().toString()), sent, signatureFiles.size());
  }

  /**
   * Stores an index of plugins under a tag, and its signatures as artifacts that refer to it. The
   * same index has the same digest each time.
   *
   * @param index the bytes of the file, which is not checked
   */
  public PushedArtifact pushIndex(
      OciReference to, byte[] index, List<byte[]> signatureFiles, TransferListener listener)
      throws InterruptedException {
    requireAllowed(to);
    if (to.tag().isEmpty() || to.digest().isPresent()) {
      throw new RegistryException(
          RegistryException.Kind.REFERENCE,
          to + ": an index is pushed under a tag: give oci://HOST/REPOSITORY:TAG");
    }
    // See sign.
    Descriptor config = Descriptor.of(MediaTypes.INDEX, ImageManifest.EMPTY_CONFIG);
    Map<Descriptor, byte[]> blobs = new LinkedHashMap<>();
    blobs.put(config, ImageManifest.EMPTY_CONFIG);
    List<Descriptor> layers = new ArrayList<>();
    add(layers, blobs, MediaTypes.INDEX_FILE, INDEX_TITLE, index);
    ImageManifest manifest =
        new ImageManifest(MediaTypes.INDEX, config, layers, Optional.empty(), Map.of());
    return push(
        session(to, pushes(to), deadline(), listener),
        to,
        manifest,
        blobs,
        INDEX_TITLE,
        signatureFiles);
  }

  /**
   * Reads an index of plugins with its signatures.
   *
   * @param known an index that the caller has: it is not fetched if the registry has the same
   */
  public PulledIndex pullIndex(OciReference from, Optional<byte[]> known, TransferListener listener)
      throws InterruptedException {
    requireAllowed(from);
    requireTagOrDigest(from);
    Session session = session(from, pulls(from), deadline(), listener);
    Manifests.Stored stored = session.manifests.read(from.digest().or(from::tag).orElseThrow());
    ImageManifest manifest = ImageManifest.read(stored.bytes(), session.at);
    Descriptor layer =
        requireLayer(
            manifest, MediaTypes.INDEX, "an index of plugins", MediaTypes.INDEX_FILE, session.at);
    byte[] bytes =
        known.isPresent() && layer.digest().isOf(known.get())
            ? known.get()
            : session.blobs.read(layer, "index", MAX_DOCUMENT_BYTES);
    return new PulledIndex(stored.digest().toString(), bytes, signatures(session, stored.digest()));
  }

  /** The one layer of a type in an artifact of a kind. */
  private static Descriptor requireLayer(
      ImageManifest manifest, String kind, String what, String mediaType, Endpoint at) {
    if (!manifest.artifactType().equals(kind)) {
      throw ImageManifest.unacceptable(
          at, "is not " + what + " but a " + PlainText.of(manifest.artifactType(), 100));
    }
    return manifest
        .layer(mediaType)
        .orElseThrow(() ->
            ImageManifest.unacceptable(
                at, "does not have exactly one layer of the type " + mediaType));
  }

  private static Descriptor bundleOf(ImageManifest manifest, Endpoint at) {
    return requireLayer(manifest, MediaTypes.PLUGIN, "a plugin", MediaTypes.BUNDLE, at);
  }

  /** Reads what an artifact says of its plugin, without the bundle. */
  public PluginDescription describe(OciReference from) throws InterruptedException {
    requireAllowed(from);
    requireTagOrDigest(from);
    Session session = session(from, pulls(from), deadline(), TransferListener.NONE);
    Manifests.Stored stored = session.manifests.read(from.digest().or(from::tag).orElseThrow());
    ImageManifest manifest = ImageManifest.read(stored.bytes(), session.at);
    Descriptor bundle = bundleOf(manifest, session.at);
    boolean hasConfig = manifest.config().mediaType().equals(MediaTypes.MANIFEST);
    return new PluginDescription(
        stored.digest().toString(),
        bundle.digest().toString(),
        bundle.size(),
        hasConfig
            ? Optional.of(session.blobs.read(manifest.config(), "config", ManifestReader.MAX_BYTES))
            : Optional.empty(),
        document(session, manifest, MediaTypes.SBOM),
        document(session, manifest, MediaTypes.PROVENANCE));
  }

  private static void add(
      List<Descriptor> layers,
      Map<Descriptor, byte[]> blobs,
      String mediaType,
      String title,
      byte[] bytes) {
    Descriptor layer = Descriptor.of(mediaType, bytes).titled(title);
    layers.add(layer);
    blobs.put(layer, bytes);
  }

  private static long writeAll(
      Session session, Map<Descriptor, byte[]> blobs, Optional<Endpoint> from)
      throws InterruptedException {
    long sent = 0;
    for (Map.Entry<Descriptor, byte[]> blob : blobs.entrySet()) {
      sent +=
          session.blobs.write(
              blob.getKey(), blob.getValue(), nameOf(blob.getKey().mediaType()), from);
    }
    return sent;
  }

  /** What a blob is called in messages. */
  private static String nameOf(String mediaType) {
    return switch (mediaType) {
      case MediaTypes.BUNDLE -> "bundle";
      case MediaTypes.MANIFEST, MediaTypes.EMPTY -> "config";
      case MediaTypes.SBOM -> "SBOM";
      case MediaTypes.PROVENANCE -> "provenance";
      case MediaTypes.SIGNATURE -> "signature";
      case MediaTypes.INDEX_FILE -> "index";
      default -> "layer";
    };
  }

  private static long sign(Session session, Descriptor subject, String title, byte[] signature)
      throws InterruptedException {
    // go-containerregistry's registry takes the config's type for that of the artifact.
    Descriptor config = Descriptor.of(MediaTypes.SIGNATURE, ImageManifest.EMPTY_CONFIG);
    Descriptor layer = Descriptor.of(MediaTypes.SIGNATURE, signature).titled(title);
    Map<Descriptor, byte[]> blobs = new LinkedHashMap<>();
    blobs.put(config, ImageManifest.EMPTY_CONFIG);
    blobs.put(layer, signature);
    long sent = writeAll(session, blobs, Optional.empty());
    ImageManifest manifest =
        new ImageManifest(
            MediaTypes.SIGNATURE, config, List.of(layer), Optional.of(subject), Map.of());
    session.manifests.writeReferrer(manifest, manifest.bytes());
    return sent;
  }

  /** What a manifest says of itself that an artifact repeats. */
  private record Named(String name, String version, String description) {
    static Named read(byte[] manifestJson) {
      try {
        var json = StrictJson.parse(manifestJson);
        String name = json.path("name").asString("");
        String version = json.path("version").asString("");
        if (!name.isEmpty() && !version.isEmpty()) {
          return new Named(name, version, json.path("description").asString(""));
        }
      } catch (InvalidJsonException e) {
        throw new BundleRejectedException("manifest.json: " + e.getMessage());
      }
      throw new BundleRejectedException("manifest.json has no name or no version");
    }
  }

  private static byte[] manifestJson(byte[] bundle) {
    BundleFiles files = BundleFiles.read(bundle);
    byte[] json = files.files().get(Bundle.MANIFEST);
    if (json == null) {
      throw new BundleRejectedException(
          files.problems().isEmpty()
              ? BundleFiles.noManifest(files.files().keySet())
              : files.problems().getFirst());
    }
    return json;
  }

  /**
   * Reads a plugin with its signatures. Mirrors are asked first; where none of them gives it, the
   * registry itself.
   *
   * @throws BundleRejectedException when the bundle has no manifest
   */
  public PulledPlugin pull(OciReference from, TransferListener listener)
      throws InterruptedException {
    requireAllowed(from);
    requireTagOrDigest(from);
    Deadline deadline = deadline();
    for (RegistryMirror mirror : settings.mirrors()) {
      if (!mirror.registry().equals(from.registry())) {
        continue;
      }
      try {
        PulledPlugin pulled = pull(from, mirror.of(from), deadline, listener);
        return pulled.signatureFiles().isEmpty() ? signedAt(from, pulled, deadline) : pulled;
      } catch (RegistryException | BundleRejectedException e) {
        log.info("the mirror {} does not give {}: {}", mirror.mirror(), from, e.getMessage());
      }
    }
    return pull(from, from, deadline, listener);
  }

  private static void requireTagOrDigest(OciReference from) {
    if (from.tag().isEmpty() && from.digest().isEmpty()) {
      throw new RegistryException(
          RegistryException.Kind.REFERENCE,
          from + " names no version: add :TAG or @sha256:...; gonext plugin tags lists the tags");
    }
  }

  /** With the signatures that the registry has and a mirror has not: many mirrors copy none. */
  private PulledPlugin signedAt(OciReference from, PulledPlugin pulled, Deadline deadline)
      throws InterruptedException {
    List<byte[]> signatures;
    try {
      signatures =
          signatures(
              session(from, pulls(from), deadline, TransferListener.NONE),
              Digest.parse(pulled.digest()).orElseThrow());
    } catch (RegistryException e) {
      log.info("the signatures of {} cannot be read: {}", from, e.getMessage());
      return pulled;
    }
    return pulled.signedBy(signatures);
  }

  private PulledPlugin pull(
      OciReference asked, OciReference at, Deadline deadline, TransferListener listener)
      throws InterruptedException {
    Session session = session(at, pulls(at), deadline, listener);
    Manifests.Stored stored = session.manifests.read(at.digest().or(at::tag).orElseThrow());
    ImageManifest manifest = ImageManifest.read(stored.bytes(), session.at);
    Descriptor layer = bundleOf(manifest, session.at);
    byte[] bundle = session.blobs.read(layer, "bundle", Bundle.MAX_BYTES);
    byte[] manifestJson = manifestJson(bundle);
    requireConfigOf(manifest, manifestJson, session.at);
    return new PulledPlugin(
        asked,
        stored.digest().toString(),
        Named.read(manifestJson).name(),
        bundle,
        signatures(session, stored.digest()),
        document(session, manifest, MediaTypes.SBOM),
        document(session, manifest, MediaTypes.PROVENANCE),
        manifest.annotations());
  }

  /** An index that reads the config alone must not be told something else than the bundle says. */
  private static void requireConfigOf(ImageManifest manifest, byte[] manifestJson, Endpoint at) {
    if (!manifest.config().mediaType().equals(MediaTypes.EMPTY)
        && !manifest.config().digest().isOf(manifestJson)) {
      throw ImageManifest.unacceptable(
          at, "has a config that is not the manifest.json of its bundle");
    }
  }

  private static Optional<byte[]> document(Session session, ImageManifest manifest, String type)
      throws InterruptedException {
    Optional<Descriptor> layer = manifest.layer(type);
    return layer.isEmpty()
        ? Optional.empty()
        : Optional.of(session.blobs.read(layer.get(), nameOf(type), MAX_DOCUMENT_BYTES));
  }

  private static List<byte[]> signatures(Session session, Digest subject)
      throws InterruptedException {
    List<byte[]> files = new ArrayList<>();
    for (Descriptor referrer : session.manifests.referrers(subject, MediaTypes.SIGNATURE)) {
      Manifests.Stored stored = session.manifests.read(referrer.digest().toString());
      ImageManifest manifest = ImageManifest.read(stored.bytes(), session.at);
      Optional<Descriptor> layer = manifest.layer(MediaTypes.SIGNATURE);
      boolean refers =
          manifest.subject().map(Descriptor::digest).filter(subject::equals).isPresent();
      if (refers && layer.isPresent()) {
        files.add(session.blobs.read(layer.get(), "signature", BundleSignature.MAX_FILE_BYTES));
      }
    }
    return files;
  }

  /** The tags of a repository, in the order of the registry. */
  public List<String> tags(OciReference repository) throws InterruptedException {
    requireAllowed(repository);
    return session(repository, pulls(repository), deadline(), TransferListener.NONE)
        .manifests
        .tags();
  }

  /**
   * What refers to an artifact.
   *
   * @param digest of the artifact's manifest
   * @param size of the manifest in bytes
   */
  public record Referrer(String digest, String artifactType, long size) {}

  /**
   * The artifacts that refer to one: its signatures, and what others have attached to it.
   *
   * @param artifactType of those that are wanted; empty for all
   */
  public List<Referrer> referrers(OciReference of, String artifactType)
      throws InterruptedException {
    requireAllowed(of);
    requireTagOrDigest(of);
    Session session = session(of, pulls(of), deadline(), TransferListener.NONE);
    Digest subject = session.manifests.read(of.digest().or(of::tag).orElseThrow()).digest();
    return session.manifests.referrers(subject, artifactType).stream()
        .map(one -> new Referrer(one.digest().toString(), one.artifactType(), one.size()))
        .toList();
  }

  /**
   * Copies an artifact and what refers to it, from one repository to another. All bytes are copied
   * as they are, so that the digests stay the same.
   *
   * @param to without a tag, the copy has the tag of {@code from}, or none
   */
  public PushedArtifact copy(OciReference from, OciReference to, TransferListener listener)
      throws InterruptedException {
    requireAllowed(from);
    requireAllowed(to);
    requireTagOrDigest(from);
    if (to.digest().isPresent()) {
      throw new RegistryException(
          RegistryException.Kind.REFERENCE,
          "a copy has the digest of what is copied: leave out @" + to.digest().get());
    }
    boolean mounts = from.registry().equals(to.registry());
    List<String> scopes = new ArrayList<>(pushes(to));
    if (mounts && !from.repository().equals(to.repository())) {
      scopes.addAll(pulls(from));
    }
    Deadline deadline = deadline();
    Session source = session(from, pulls(from), deadline, listener);
    Session target = session(to, scopes, deadline, listener);
    Optional<Endpoint> mount = mounts ? Optional.of(source.at) : Optional.empty();

    Manifests.Stored stored = source.manifests.read(from.digest().or(from::tag).orElseThrow());
    ImageManifest manifest = ImageManifest.read(stored.bytes(), source.at);
    long sent = copyBlobs(manifest, source, target, mount);
    OciReference named = to.tag().isPresent() ? to : from.tag().map(to::withTag).orElse(to);
    target.manifests.write(
        named.tag().orElse(stored.digest().toString()), MediaTypes.IMAGE_MANIFEST, stored.bytes());
    List<Descriptor> referrers = source.manifests.referrers(stored.digest(), "");
    for (Descriptor referrer : referrers) {
      Manifests.Stored other = source.manifests.read(referrer.digest().toString());
      ImageManifest refers = ImageManifest.read(other.bytes(), source.at);
      if (refers.subject().map(Descriptor::digest).filter(stored.digest()::equals).isEmpty()) {
        throw ImageManifest.unacceptable(
            source.at, "lists " + referrer.digest() + " as a referrer, which refers to another");
      }
      sent += copyBlobs(refers, source, target, mount);
      target.manifests.writeReferrer(refers, other.bytes());
    }
    return new PushedArtifact(named.withDigest(stored.digest().toString()), sent, referrers.size());
  }

  private static long copyBlobs(
      ImageManifest manifest, Session source, Session target, Optional<Endpoint> mount)
      throws InterruptedException {
    List<Descriptor> blobs = new ArrayList<>(manifest.layers());
    blobs.add(manifest.config());
    long sent = 0;
    for (Descriptor blob : blobs) {
      String what = nameOf(blob.mediaType());
      sent +=
          target.blobs.write(
              blob, () -> source.blobs.read(blob, what, Bundle.MAX_BYTES), what, mount);
    }
    return sent;
  }

  @Override
  public void close() {
    http.close();
  }
}
