package io.gonext.host.manifest;

import io.gonext.engine.ModuleHeader;
import io.gonext.host.BundleRejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A plugin as it is shipped: {@code name-version.gnplugin}, a ZIP read into memory and never
 * extracted. Immutable. Its identity is the triple name, version, SHA-256.
 */
public final class Bundle {
  /** The name of the manifest in a bundle. */
  public static final String MANIFEST = "manifest.json";

  /** The folder of the inputs with which a version is exercised that has no recent ones. */
  public static final String WARM_UP = "warmup/";

  /** Beyond this a bundle is refused unread, in bytes. */
  public static final int MAX_BYTES = 32 * 1024 * 1024;

  private final byte[] bytes;
  private final Manifest manifest;
  private final byte[] manifestJson;
  private final byte[] module;
  private final Locales locales;
  private final List<Migration> migrations;
  private final Map<String, byte[]> warmUpFiles;
  private final String sha256;

  private Bundle(
      byte[] bytes,
      Manifest manifest,
      byte[] manifestJson,
      byte[] module,
      Locales locales,
      List<Migration> migrations,
      Map<String, byte[]> warmUpFiles) {
    this.bytes = bytes;
    this.manifest = manifest;
    this.manifestJson = manifestJson;
    this.module = module;
    this.locales = locales;
    this.migrations = migrations;
    this.warmUpFiles = warmUpFiles;
    this.sha256 = Sha256.hex(bytes);
  }

  /**
   * Reads a bundle file, its manifest against the names that a host knows.
   *
   * @throws BundleRejectedException when there is no such file, it cannot be read, or it is no
   *     acceptable bundle
   */
  public static Bundle read(Path file, Vocabulary vocabulary) {
    byte[] bytes = bytesOf(file);
    try {
      return read(bytes, vocabulary);
    } catch (BundleRejectedException e) {
      throw e.in(file.toString());
    }
  }

  /**
   * The bytes of a bundle file, at most one more than a bundle may have.
   *
   * @throws BundleRejectedException when there is no such file or it cannot be read
   */
  public static byte[] bytesOf(Path file) {
    if (Files.isDirectory(file)) {
      throw new BundleRejectedException(
          file + " is a directory: give the .gnplugin file that was packed from it");
    }
    if (!Files.exists(file)) {
      throw new BundleRejectedException(
          file + " does not exist: give the path of a .gnplugin file");
    }
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new BundleRejectedException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a bundle from its bytes, which the caller must not change afterwards.
   *
   * @throws BundleRejectedException naming the offending entry
   */
  public static Bundle read(byte[] bytes) {
    return read(bytes, Vocabulary.unknown());
  }

  /** Reads a bundle from its bytes, its manifest against the names that a host knows. */
  public static Bundle read(byte[] bytes, Vocabulary vocabulary) {
    BundleFiles read = BundleFiles.read(bytes);
    refuse(read.problems());
    Map<String, byte[]> entries = read.files();
    byte[] manifestJson = entries.get(MANIFEST);
    if (manifestJson == null) {
      throw new BundleRejectedException(BundleFiles.noManifest(entries.keySet()));
    }
    Manifest manifest = ManifestReader.read(manifestJson, vocabulary);
    try {
      return new Bundle(
          bytes,
          manifest,
          manifestJson,
          module(manifest, entries),
          Locales.read(entries, manifest.defaultLocale()),
          migrations(manifest, entries),
          warmUpFiles(entries));
    } catch (BundleRejectedException e) {
      throw e.claiming(manifest.name());
    }
  }

  private static byte[] module(Manifest manifest, Map<String, byte[]> entries) {
    byte[] module = entries.get(manifest.entry());
    if (module == null) {
      throw new BundleRejectedException(
          "manifest.json: /entry: " + manifest.entry() + " is not in the bundle");
    }
    refuse(BundleFiles.unlisted(entries.keySet(), manifest.entry()));
    ModuleHeader.problem(module)
        .ifPresent(problem -> {
          throw new BundleRejectedException(manifest.entry() + ": " + problem);
        });
    return module;
  }

  private static List<Migration> migrations(Manifest manifest, Map<String, byte[]> entries) {
    List<Migration> migrations = Migration.of(entries);
    if (!migrations.isEmpty() && !manifest.requests("db.write")) {
      throw new BundleRejectedException(
          "the bundle has migrations, which take the capability db.write: add it to /capabilities"
              + " in manifest.json");
    }
    return migrations;
  }

  private static Map<String, byte[]> warmUpFiles(Map<String, byte[]> entries) {
    Map<String, byte[]> files = new TreeMap<>();
    entries.forEach((name, content) -> {
      if (name.startsWith(WARM_UP)) {
        files.put(name, content);
      }
    });
    return Collections.unmodifiableMap(files);
  }

  /**
   * The bundle of a manifest, its entry module and other files; the same parts give the same bytes.
   *
   * @param files by name
   * @throws BundleRejectedException when they make no acceptable bundle
   */
  public static Bundle of(
      byte[] manifestJson, byte[] module, Map<String, byte[]> files, Vocabulary vocabulary) {
    Manifest manifest = ManifestReader.read(manifestJson, vocabulary);
    Map<String, byte[]> all = new HashMap<>(files);
    all.put(MANIFEST, manifestJson);
    all.put(manifest.entry(), module);
    return read(BundleWriter.write(all));
  }

  public Manifest manifest() {
    return manifest;
  }

  /** {@code manifest.json} as it stands in the bundle, UTF-8; a copy. */
  public byte[] manifestJson() {
    return manifestJson.clone();
  }

  /** The whole bundle; a copy. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The entry module; a copy. */
  public byte[] module() {
    return module.clone();
  }

  /** The texts in {@code locales/}. */
  public Locales locales() {
    return locales;
  }

  /** The steps of the plugin's tables, in their order. */
  public List<Migration> migrations() {
    return migrations;
  }

  /**
   * The files in {@code warmup/}, by name; not checked. The bytes are not to be changed.
   *
   * @see io.gonext.host.PluginCheck#warmUpProblems
   */
  public Map<String, byte[]> warmUpFiles() {
    return warmUpFiles;
  }

  /** SHA-256 of the entry module, lower-case hex. */
  public String moduleSha256() {
    return Sha256.hex(module);
  }

  /** SHA-256 of the whole bundle, lower-case hex. */
  public String sha256() {
    return sha256;
  }

  private static void refuse(List<String> problems) {
    if (problems.size() == 1) {
      throw new BundleRejectedException(problems.getFirst());
    }
    if (!problems.isEmpty()) {
      throw BundleRejectedException.of("the bundle", problems);
    }
  }
}
