package io.gonext.cli.build;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names in a {@code Cargo.toml}. Crate names are plain identifiers, so TOML's escapes and
 * multi-line strings are not supported here.
 *
 * @param packageName of {@code [package]}, or null
 * @param libraryName of {@code [lib]}, or null
 */
record CargoManifest(@Nullable String packageName, @Nullable String libraryName) {
  private static final Pattern TABLE = Pattern.compile("^\\s*\\[+\\s*([\\w.-]+)\\s*]+");
  private static final Pattern NAME =
      Pattern.compile("^\\s*((?:[\\w-]+\\s*\\.\\s*)?name)\\s*=\\s*[\"']([\\w-]+)[\"']");

  static CargoManifest read(Path file) {
    return parse(Toolchains.text(file));
  }

  static CargoManifest parse(String toml) {
    Map<String, String> names = new LinkedHashMap<>();
    String table = "";
    for (String line : toml.lines().toList()) {
      Matcher header = TABLE.matcher(line);
      if (header.find()) {
        table = header.group(1) + ".";
        continue;
      }
      Matcher name = NAME.matcher(line);
      if (name.find()) {
        names.putIfAbsent(table + name.group(1).replaceAll("\\s", ""), name.group(2));
      }
    }
    return new CargoManifest(names.get("package.name"), names.get("lib.name"));
  }

  /** Possible names of the crate's module, most likely first, without the extension. */
  List<String> moduleNames() {
    List<String> names = new ArrayList<>();
    if (libraryName != null) {
      names.add(libraryName);
    }
    if (packageName != null) {
      // The file name of a library has underscores; that of a program keeps its hyphens.
      names.add(packageName.replace('-', '_'));
      names.add(packageName);
    }
    return names;
  }
}
