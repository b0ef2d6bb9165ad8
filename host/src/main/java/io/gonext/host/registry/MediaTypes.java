package io.gonext.host.registry;

/** The media types of plugins and indexes in registries. */
final class MediaTypes {
  static final String IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String IMAGE_INDEX = "application/vnd.oci.image.index.v1+json";
  static final String EMPTY = "application/vnd.oci.empty.v1+json";

  /** The kind of an artifact that is a plugin. */
  static final String PLUGIN = "application/vnd.gonext.plugin.v1";

  /** Its config: {@code manifest.json} of the bundle, as it is. */
  static final String MANIFEST = "application/vnd.gonext.plugin.manifest.v1+json";

  /** Its layer: the bytes of the bundle. */
  static final String BUNDLE = "application/vnd.gonext.plugin.bundle.v1+zip";

  static final String SBOM = "application/vnd.cyclonedx+json";
  static final String PROVENANCE = "application/vnd.in-toto+json";

  /** The kind of an artifact that refers to a plugin and signs it, and of its layer. */
  static final String SIGNATURE = "application/vnd.gonext.plugin.signature.v1";

  /** The kind of an artifact that is an index of plugins, and of its config. */
  static final String INDEX = "application/vnd.gonext.index.v1";

  /** Its layer: the bytes of the index. */
  static final String INDEX_FILE = "application/vnd.gonext.index.v1+json";

  private MediaTypes() {}
}
