package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a build reads, told by content. */
class InputsTest {
  @TempDir private Path root;

  @Test
  void the_difference_is_the_added_changed_and_removed_files() throws IOException {
    write("a", "1");
    write("b", "1");
    write("c", "1");
    Inputs before = scan(Inputs.NONE);
    write("b", "2");
    Files.delete(root.resolve("c"));
    write("d/e", "1");
    assertThat(before.differenceTo(scan(before)))
        .containsExactly(Path.of("b"), Path.of("c"), Path.of("d/e"));
  }

  @Test
  void touching_a_file_makes_no_difference() throws IOException {
    write("a", "1");
    Inputs before = scan(Inputs.NONE);
    Files.setLastModifiedTime(root.resolve("a"), FileTime.fromMillis(1));
    assertThat(before.differenceTo(scan(before))).isEmpty();
  }

  @Test
  void a_touched_file_is_read_even_with_equal_attributes() throws IOException {
    write("a", "1");
    FileTime time = Files.getLastModifiedTime(root.resolve("a"));
    Inputs before = scan(Inputs.NONE);
    write("a", "2");
    Files.setLastModifiedTime(root.resolve("a"), time);
    Inputs after = Inputs.scan(root, new SkipRules(root), before, Set.of(Path.of("a")));
    assertThat(before.differenceTo(after)).containsExactly(Path.of("a"));
  }

  @Test
  void links_to_files_are_followed_but_not_to_directories() throws IOException {
    write("src/a", "1");
    Files.createSymbolicLink(root.resolve("loop"), root);
    Files.createSymbolicLink(root.resolve("link"), root.resolve("src/a"));
    Files.createSymbolicLink(root.resolve("dangling"), root.resolve("nothing"));
    assertThat(scan(Inputs.NONE).files()).containsOnlyKeys(Path.of("src/a"), Path.of("link"));
  }

  @Test
  void with_replaces_only_the_matching_files() throws IOException {
    write("Cargo.lock", "1");
    write("a", "1");
    Inputs before = scan(Inputs.NONE);
    write("Cargo.lock", "2");
    write("sub/Cargo.lock", "2");
    write("a", "2");
    Inputs after = scan(before);
    assertThat(before.with(after, path -> path.endsWith("Cargo.lock")).differenceTo(after))
        .containsExactly(Path.of("a"));
  }

  private Inputs scan(Inputs before) throws IOException {
    return Inputs.scan(root, new SkipRules(root), before, Set.of());
  }

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
