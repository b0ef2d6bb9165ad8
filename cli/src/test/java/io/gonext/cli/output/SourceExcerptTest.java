package io.gonext.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.SourceLocation;
import io.gonext.engine.TrapState;
import io.gonext.engine.ValueType;
import io.gonext.host.recording.RecordedResult.Trap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An author's lines around a trap, from the author's own project alone. */
class SourceExcerptTest {
  @TempDir private Path directory;

  private Path project;

  @BeforeEach
  void write() throws IOException {
    project = Files.createDirectories(directory.resolve("shop"));
    Files.createDirectories(project.resolve("src"));
    Files.writeString(
        project.resolve("src/lib.rs"), "one\ntwo\nthree\n\tfour()\nfive\nsix\nseven\neight\n");
    Files.writeString(directory.resolve("secret.rs"), "secret\n");
    Files.writeString(project.resolve("go.mod"), "module example.com/shop\n");
  }

  private List<String> excerpt(String file, int line, int column) {
    return SourceExcerpt.of(project, new SourceLocation(file, line, column));
  }

  @Test
  void three_lines_before_and_after_are_shown_with_a_caret() {
    assertThat(excerpt("src/lib.rs", 4, 4))
        .containsExactly(
            "  --> src/lib.rs:4:4",
            "  1 | one",
            "  2 | two",
            "  3 | three",
            "  4 |     four()",
            "    |       ^",
            "  5 | five",
            "  6 | six",
            "  7 | seven");
  }

  @Test
  void without_a_column_the_caret_is_under_the_first_character() {
    assertThat(excerpt("src/lib.rs", 4, 0)).contains("  --> src/lib.rs:4", "    |     ^");
    assertThat(excerpt("src/lib.rs", 1, 1)).hasSize(6);
    assertThat(excerpt("src/lib.rs", 8, 999)).endsWith("    |      ^");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/builds/shop/src/lib.rs", "work/shop/src/lib.rs", "example.com/shop/src/lib.rs"})
  void a_path_from_another_machine_is_found_by_the_projects_name(String path) {
    assertThat(excerpt(path, 2, 1)).contains("  2 | two");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.rs",
        "src/../../secret.rs",
        "/etc/passwd",
        "shop/../../secret.rs",
        "library/core/src/lib.rs",
        "src",
        "nothing.rs",
        "a\u0000b",
        ""
      })
  void a_file_that_is_none_of_the_projects_is_not_opened(String path) {
    assertThat(excerpt(path, 1, 1)).isEmpty();
  }

  @Test
  void a_link_out_of_the_project_is_not_followed() throws IOException {
    Files.createSymbolicLink(project.resolve("link.rs"), directory.resolve("secret.rs"));
    assertThat(excerpt("link.rs", 1, 1)).isEmpty();
  }

  @Test
  void a_line_that_the_file_does_not_have_is_not_shown() {
    assertThat(excerpt("src/lib.rs", 9, 1)).isEmpty();
    assertThat(excerpt("src/lib.rs", 0, 1)).isEmpty();
    assertThat(excerpt("src/lib.rs", -1, 1)).isEmpty();
  }

  private static Trap trap(String text, GuestFrame... frames) {
    return new Trap("UNREACHABLE", text, List.of(frames), Optional.empty());
  }

  @Test
  void the_place_that_a_message_names_comes_before_the_frames() {
    Trap trap =
        trap(
            "the guest panicked: panicked at src/lib.rs:2:1: no",
            new GuestFrame(1, "f", 31, new SourceLocation("src/lib.rs", 5, 1)));
    assertThat(TrapText.where(trap, project))
        .startsWith("at f (src/lib.rs:5:1) @0x1f", "  --> src/lib.rs:2:1");
    assertThat(TrapText.where(trap, null)).containsExactly("at f (src/lib.rs:5:1) @0x1f");
  }

  @Test
  void the_innermost_frame_in_the_project_is_shown() {
    GuestFrame deep = new GuestFrame(1, "panic", 1, new SourceLocation("library/p.rs", 5, 1));
    GuestFrame own = new GuestFrame(2, "own", 2, new SourceLocation("src/lib.rs", 3, 2));
    assertThat(TrapText.where(trap("no", deep, own, own), project))
        .startsWith(
            "at panic (library/p.rs:5:1) @0x1",
            "at own (src/lib.rs:3:2) @0x2, 2 times",
            "  --> src/lib.rs:3:2");
  }

  @Test
  void memory_and_globals_are_shown_by_name() {
    assertThat(
            TrapText.state(
                new TrapState(
                    2,
                    16,
                    List.of(new TrapState.Part(TrapState.Kind.STACK, 0, 131_072, 4096)),
                    List.of(
                        new TrapState.Global(0, "__stack_pointer", ValueType.I32, true, 2000),
                        new TrapState.Global(1, "", ValueType.F64, false, 0)))))
        .containsExactly(
            "memory: 2 of at most 16 pages of 64 KiB",
            "  stack 0x00000000 to 0x00020000, 128 KB in 2 pages, 4 KB written",
            "globals:",
            "  __stack_pointer i32 = 2000 (0x7d0)",
            "  global 1 f64 = 0.0");
  }
}
