package io.gonext.dist;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The licences of the jars that are shipped, by the list of parts that the build of the command
 * writes: the texts in each jar, the text of each licence that a POM names, and a table.
 */
final class Licences {
  private static final Pattern TEXT =
      Pattern.compile("(?i)(META-INF/)?[\\w-]*(LICEN[SC]E|NOTICE|COPYING)[\\w.-]*");
  private static final Pattern CLASS_FILE = Pattern.compile(".*\\.(class|kotlin_module)");

  /**
   * Names that are not those of SPDX: re2j's is that of Go, of three clauses; H2's is its second.
   */
  private static final Map<String, String> SPDX =
      Map.of("Go License", "BSD-3-Clause", "EPL 1.0", "EPL-1.0");

  private final JsonNode parts;
  private final Path lib;

  /**
   * @param parts the list of parts, CycloneDX as JSON
   * @param lib the directory with the jars
   */
  Licences(Path parts, Path lib) {
    this.parts = JsonMapper.shared().readTree(parts.toFile()).path("components");
    this.lib = lib;
  }

  /**
   * Writes the directory {@code licenses} and the file {@code NOTICE}.
   *
   * @throws IOException when a jar has no part, or a part no licence whose text is known
   */
  void write(Path directory, Path notice) throws IOException {
    Files.createDirectories(directory);
    StringBuilder table = new StringBuilder();
    StringBuilder notices =
        new StringBuilder("GoNext\nCopyright The GoNext contributors\n\nIt comes with:\n");
    for (Path jar : jars()) {
      JsonNode part = part(jar);
      String artifact = jar.getFileName().toString().replaceFirst("\\.jar$", "");
      List<String> names = new ArrayList<>();
      boolean known = false;
      for (JsonNode each : part.path("licenses")) {
        String id = each.path("license").path("id").asString(each.path("expression").asString(""));
        String named = each.path("license").path("name").asString("");
        String name = id.isEmpty() ? SPDX.getOrDefault(named, named) : id;
        names.add(name);
        known |= writeText(name, directory);
      }
      List<String> own = writeOwn(jar, directory.resolve(artifact), notices);
      if (!known && own.isEmpty()) {
        throw new IOException(
            artifact
                + ": its licence is "
                + names
                + ", and there is no text of that; see Licences");
      }
      table.append(artifact).append(": ").append(String.join(" or ", names)).append('\n');
    }
    Files.writeString(
        directory.resolve("README"),
        "What each jar in lib is under, by its publisher's POM. This directory has a text of each"
            + " licence,\nand what the jars say themselves. GoNext is under Apache-2.0, in LICENSE;"
            + " a Java runtime has its own in\nruntime/legal.\n\n"
            + table);
    Files.writeString(notice, notices);
  }

  private List<Path> jars() throws IOException {
    try (var all = Files.list(lib)) {
      return all.filter(jar -> !jar.getFileName().toString().startsWith("gonext-"))
          .sorted()
          .toList();
    }
  }

  private JsonNode part(Path jar) throws IOException {
    String file = jar.getFileName().toString();
    for (JsonNode part : parts) {
      if (file.equals(
          part.path("name").asString("") + "-" + part.path("version").asString("") + ".jar")) {
        return part;
      }
    }
    throw new IOException(file + " is not in the list of parts");
  }

  /** Whether there is a text of the licence, now in the directory. */
  private static boolean writeText(String id, Path directory) throws IOException {
    boolean any = false;
    for (String each : id.split(" (OR|AND|WITH) ", -1)) {
      String name = each.replaceAll("[()]", "");
      try (InputStream text = Licences.class.getResourceAsStream("/licenses/" + name + ".txt")) {
        if (text != null && !name.isEmpty()) {
          Files.write(directory.resolve(name + ".txt"), text.readAllBytes());
          any = true;
        }
      }
    }
    return any;
  }

  private static List<String> writeOwn(Path jar, Path directory, StringBuilder notices)
      throws IOException {
    List<String> written = new ArrayList<>();
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
        ZipEntry entry = all.nextElement();
        String name = entry.getName();
        if (entry.isDirectory()
            || !TEXT.matcher(name).matches()
            || CLASS_FILE.matcher(name).matches()) {
          continue;
        }
        byte[] text;
        try (InputStream in = zip.getInputStream(entry)) {
          text = in.readAllBytes();
        }
        String file = name.substring(name.lastIndexOf('/') + 1);
        Files.createDirectories(directory);
        Files.write(directory.resolve(file), text);
        written.add(file);
        if (file.toUpperCase(Locale.ROOT).startsWith("NOTICE")) {
          notices
              .append("\n---- ")
              .append(directory.getFileName())
              .append("\n\n")
              .append(new String(text, StandardCharsets.UTF_8).strip())
              .append('\n');
        }
      }
    }
    return written;
  }
}
