package io.gonext.guests;

import com.dylibso.chicory.wabt.Wat2Wasm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The build step that turns every {@code *.wat} of one directory into a {@code *.wasm} in another. */
final class Assembler {
  private Assembler() {}

  public static void main(String[] args) throws IOException {
    Path sources = Path.of(args[0]);
    Path output = Files.createDirectories(Path.of(args[1]));
    List<Path> texts;
    try (var files = Files.list(sources)) {
      texts = files.filter(file -> file.toString().endsWith(".wat")).sorted().toList();
    }
    for (Path text : texts) {
      Path module = output.resolve(text.getFileName().toString().replace(".wat", ".wasm"));
      if (Files.exists(module)
          && Files.getLastModifiedTime(module).compareTo(Files.getLastModifiedTime(text)) >= 0) {
        continue;
      }
      Files.write(module, Wat2Wasm.parse(text.toFile()));
    }
  }
}
