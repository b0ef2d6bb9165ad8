package io.gonext.guests;

import com.dylibso.chicory.wabt.Wat2Wasm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The build step that turns every {@code *.wat} of one directory into a {@code *.wasm} in another.
 *
 * <p>A line {@code (include "name.part")} stands for the text of that file: what most guests share
 * is their allocator, and the format has no way to share it.
 */
final class Assembler {
  private static final Pattern INCLUDE = Pattern.compile("(?m)^ *\\(include \"([^\"]+)\"\\)$");

  private final Path sources;
  private final Path output;

  private Assembler(Path sources, Path output) {
    this.sources = sources;
    this.output = output;
  }

  public static void main(String[] args) throws IOException {
    new Assembler(Path.of(args[0]), Files.createDirectories(Path.of(args[1]))).run();
  }

  private void run() throws IOException {
    List<Path> texts = sources(".wat");
    FileTime newestPart = FileTime.fromMillis(0);
    for (Path part : sources(".part")) {
      newestPart = later(newestPart, Files.getLastModifiedTime(part));
    }
    for (Path text : texts) {
      Path module = output.resolve(text.getFileName().toString().replace(".wat", ".wasm"));
      FileTime changed = later(newestPart, Files.getLastModifiedTime(text));
      if (Files.exists(module) && Files.getLastModifiedTime(module).compareTo(changed) >= 0) {
        continue;
      }
      Files.write(module, assemble(text));
    }
  }

  private byte[] assemble(Path text) throws IOException {
    String whole = withIncludes(text);
    try {
      return Wat2Wasm.parse(whole);
    } catch (RuntimeException e) {
      // The assembler keeps its reason to itself; wabt's own command gives it, for a whole text.
      Path kept = output.resolve(text.getFileName());
      Files.writeString(kept, whole);
      throw new IOException(text + " does not assemble; for the reason: wat2wasm " + kept, e);
    }
  }

  private String withIncludes(Path text) throws IOException {
    var whole = new StringBuilder();
    var include = INCLUDE.matcher(Files.readString(text));
    while (include.find()) {
      include.appendReplacement(whole, "");
      whole.append(Files.readString(sources.resolve(include.group(1))));
    }
    return include.appendTail(whole).toString();
  }

  private List<Path> sources(String extension) throws IOException {
    try (var files = Files.list(sources)) {
      return files.filter(file -> file.toString().endsWith(extension)).sorted().toList();
    }
  }

  private static FileTime later(FileTime one, FileTime other) {
    return one.compareTo(other) >= 0 ? one : other;
  }
}
