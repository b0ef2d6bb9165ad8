package io.gonext.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A directory that is gone once this is closed. */
record TemporaryDirectory(Path path) implements AutoCloseable {
  static TemporaryDirectory create() throws IOException {
    return new TemporaryDirectory(Files.createTempDirectory("gonext-test"));
  }

  @Override
  public void close() {
    try {
      List<Path> all;
      try (var files = Files.walk(path)) {
        all = files.toList();
      }
      for (Path file : all.reversed()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
