package io.gonext.engine.bytecode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CompilerDigestTest {
  @Test
  void the_digest_depends_on_every_class_of_the_compiler() throws IOException, URISyntaxException {
    Path digest =
        Path.of(
            Objects.requireNonNull(CompilerDigest.class.getResource("CompilerDigest.class"))
                .toURI());
    String source = Files.readString(digest, java.nio.charset.StandardCharsets.ISO_8859_1);
    List<String> classes;
    try (var files = Files.list(Objects.requireNonNull(digest.getParent()))) {
      classes =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".class") && !name.contains("$"))
              .map(name -> name.substring(0, name.length() - ".class".length()))
              .filter(name -> !name.equals("package-info"))
              .collect(Collectors.toList());
    }

    // The class file names the classes that it lists.
    assertThat(classes)
        .isNotEmpty()
        .allSatisfy(name -> assertThat(source).contains("io/gonext/engine/bytecode/" + name));
  }

  @Test
  void the_digest_is_the_same_in_every_process_and_depends_on_the_callers() {
    assertThat(CompilerDigest.of(List.of())).isEqualTo(CompilerDigest.of(List.of()));
    assertThat(CompilerDigest.of(List.of(String.class)))
        .isNotEqualTo(CompilerDigest.of(List.of()))
        .matches("[0-9a-f]{64}");
  }
}
