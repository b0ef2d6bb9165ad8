package io.gonext.cli.index;

import io.gonext.cli.fetch.Downloads.Validators;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.JsonLines;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The copies of indexes on this machine, and the highest serial that a verified one had. A cache
 * that cannot be used only costs time. Several processes may use it at once.
 */
final class IndexCache {
  /** What is known of nothing. */
  static final Known NOTHING = new Known(Optional.empty(), Validators.NONE, 0);

  private final Path directory;

  IndexCache(Path directory) {
    this.directory = directory;
  }

  /**
   * What is known of an index.
   *
   * @param copy its bytes; empty when there is no whole copy
   * @param validators of the copy
   * @param serial the highest that a verified copy had; 0 if there was none
   */
  record Known(Optional<byte[]> copy, Validators validators, long serial) {}

  Known find(Location location) {
    Path place = place(location);
    try {
      JsonNode state = StrictJson.parse(Files.readAllBytes(place.resolve("state.json")));
      long serial = StrictJson.integer(state.path("serial")).orElse(0);
      byte[] copy = Files.readAllBytes(place.resolve("index.json"));
      return Sha256.hex(copy).equals(state.path("sha256").asString(""))
          ? new Known(
              Optional.of(copy),
              new Validators(
                  state.path("etag").asString(""), state.path("last_modified").asString("")),
              serial)
          : new Known(Optional.empty(), Validators.NONE, serial);
    } catch (IOException | InvalidJsonException e) {
      return NOTHING;
    }
  }

  void keep(Location location, byte[] copy, Validators validators, long serial) {
    Path place = place(location);
    String state =
        JsonLines.line(
            StrictJson.valueOf(
                JsonLines.fields(
                    "url",
                    location.toString(),
                    "sha256",
                    Sha256.hex(copy),
                    "etag",
                    validators.etag(),
                    "last_modified",
                    validators.lastModified(),
                    "serial",
                    serial)));
    try {
      Files.createDirectories(place);
      write(place.resolve("index.json"), copy);
      write(place.resolve("state.json"), state.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // The next command reads the index again.
    }
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Path aside = Files.createTempFile(file.getParent(), "new", "");
    try {
      Files.write(aside, bytes);
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  private Path place(Location location) {
    return directory.resolve(
        Sha256.hex(location.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 32));
  }
}
