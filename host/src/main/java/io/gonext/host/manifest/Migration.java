package io.gonext.host.manifest;

import io.gonext.host.BundleRejectedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One step from a version of a plugin's tables to the next: {@code migrations/V1__notes.sql}.
 *
 * @param version from 1 on
 * @param file its name in the bundle, without the folder
 */
public record Migration(int version, String file, String sql) {
  /** The folder of migrations in a bundle. */
  static final String FOLDER = "migrations/";

  /** The largest file, in bytes. */
  private static final int MAX_BYTES = 1024 * 1024;

  private static final int MAX_MIGRATIONS = 1_000;

  private static final Pattern NAME =
      Pattern.compile("V([1-9][0-9]{0,7})__[A-Za-z0-9_-]{1,100}\\.sql");

  /**
   * The migrations among the files of a bundle, in their order.
   *
   * @throws BundleRejectedException naming each file that is not a migration
   */
  static List<Migration> of(Map<String, byte[]> files) {
    List<String> problems = new ArrayList<>();
    Map<Integer, String> seen = new HashMap<>();
    List<Migration> migrations = new ArrayList<>();
    files.forEach((path, bytes) -> {
      if (path.startsWith(FOLDER)) {
        try {
          Migration migration = of(path.substring(FOLDER.length()), bytes);
          String first = seen.putIfAbsent(migration.version, path);
          if (first == null) {
            migrations.add(migration);
          } else {
            problems.add("%s: %s has the same version".formatted(path, first));
          }
        } catch (IllegalArgumentException e) {
          problems.add(path + ": " + e.getMessage());
        }
      }
    });
    if (migrations.size() > MAX_MIGRATIONS) {
      problems.add("the bundle has more than " + MAX_MIGRATIONS + " migrations");
    }
    if (!problems.isEmpty()) {
      throw problems.size() == 1
          ? new BundleRejectedException(problems.getFirst())
          : BundleRejectedException.of("the bundle", problems);
    }
    migrations.sort(Comparator.comparingInt(Migration::version));
    return List.copyOf(migrations);
  }

  private static Migration of(String file, byte[] bytes) {
    Matcher name = NAME.matcher(file);
    if (!name.matches()) {
      throw new IllegalArgumentException("a migration is named as V1__create_notes.sql");
    }
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException("a migration has at most " + MAX_BYTES + " bytes");
    }
    try {
      String sql = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return new Migration(Integer.parseInt(name.group(1)), file, sql);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("a migration is UTF-8", e);
    }
  }
}
