package io.gonext.cli.index;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.provenance.InvalidDocumentException;
import io.gonext.cli.provenance.Provenance;
import io.gonext.cli.provenance.Sbom;
import io.gonext.host.json.StrictJson;
import io.gonext.host.registry.PluginDescription;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/**
 * The SBOM and the provenance of a bundle, as far as there are any. Nobody has signed them, and
 * they may be of another bundle.
 *
 * @param warnings a sentence each
 */
record Documents(
    Optional<Sbom.Summary> sbom, Optional<Provenance.Summary> provenance, List<String> warnings) {
  /** The largest file of either kind, in bytes: the one that can be read has fewer. */
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  private static final int SHOWN_PACKAGES = 8;

  Documents {
    warnings = List.copyOf(warnings);
  }

  /**
   * Reads both.
   *
   * @param digest of the bundle that they should be of
   */
  static Documents read(Optional<byte[]> sbom, Optional<byte[]> provenance, String digest) {
    List<String> warnings = new ArrayList<>();
    Optional<Sbom.Summary> list = Optional.empty();
    Optional<Provenance.Summary> build = Optional.empty();
    try {
      list = sbom.map(Sbom::summary);
    } catch (InvalidDocumentException e) {
      warnings.add(e.getMessage());
    }
    try {
      build = provenance.map(Provenance::summary);
    } catch (InvalidDocumentException e) {
      warnings.add(e.getMessage());
    }
    if (list.filter(each -> !Digest.ofHex(each.bundleSha256()).equals(digest)).isPresent()) {
      warnings.add("the SBOM is of another bundle, and is left out");
      list = Optional.empty();
    }
    if (build.filter(each -> !Digest.ofHex(each.bundleSha256()).equals(digest)).isPresent()) {
      warnings.add("the provenance is of another bundle, and is left out");
      build = Optional.empty();
    }
    return new Documents(list, build, warnings);
  }

  static Documents of(PluginDescription described) {
    return read(described.sbom(), described.provenance(), described.bundleDigest());
  }

  /** Those beside a bundle, on a web server or in a directory. */
  static Documents beside(Location bundle, String digest, Downloads downloads)
      throws InterruptedException {
    return read(
        downloads.find(bundle.renamed(Sbom.EXTENSION), MAX_BYTES),
        downloads.find(bundle.renamed(Provenance.EXTENSION), MAX_BYTES),
        digest);
  }

  /** Adds what they say to what is known of a version. */
  void putInto(ObjectNode shown) {
    sbom.ifPresent(list ->
        shown.set(
            "sbom",
            StrictJson.valueOf(
                JsonLines.fields(
                    "complete",
                    list.isComplete(),
                    "tools",
                    list.tools(),
                    "packages",
                    list.components().stream().map(Documents::json).toList()))));
    provenance.ifPresent(build -> {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("builder", build.builder());
      build.language().ifPresent(language -> fields.put("language", language));
      build.source().ifPresent(source -> fields.put("source", source));
      build.commit().ifPresent(commit -> fields.put("commit", commit));
      build.commit().ifPresent(_ -> fields.put("modified", build.isModified()));
      shown.set("provenance", StrictJson.valueOf(fields));
    });
  }

  private static Map<String, Object> json(Sbom.Component component) {
    Map<String, Object> fields = JsonLines.fields("name", component.name());
    if (!component.version().isEmpty()) {
      fields.put("version", component.version());
    }
    component.purl().ifPresent(purl -> fields.put("purl", purl));
    fields.put("in_module", component.inModule());
    return fields;
  }

  /** Prints a line for each thing that they say. */
  void print(PrintWriter out) {
    sbom.ifPresent(list -> {
      List<Sbom.Component> inside =
          list.components().stream().filter(Sbom.Component::inModule).toList();
      String names =
          inside.stream()
              .limit(SHOWN_PACKAGES)
              .map(each -> (each.name() + " " + each.version()).strip())
              .collect(Collectors.joining(", "));
      InfoCommand.line(
          "packages",
          inside.size()
              + (list.isComplete() ? "" : ", perhaps more")
              + (names.isEmpty() ? "" : ": " + names)
              + (inside.size() > SHOWN_PACKAGES ? ", ..." : ""),
          out);
      InfoCommand.line("tools", String.join(", ", list.tools()), out);
    });
    provenance.ifPresent(build -> {
      InfoCommand.line("built by", build.builder(), out);
      InfoCommand.line(
          "source",
          build.source().orElse("")
              + build.commit().map(commit -> " commit " + commit).orElse("")
              + (build.isModified() ? ", and files that differ from it" : ""),
          out);
    });
  }
}
