package io.gonext.cli.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Where the passphrase of a private key comes from. */
class PassphraseTest {
  private static final Map<String, String> VARIABLE = Map.of(Passphrase.VARIABLE, "of variable");

  @TempDir private Path directory;

  @Command
  private static final class Holder {
    @Mixin private final Passphrase passphrase = new Passphrase();
  }

  private Passphrase of(byte[] content) throws IOException {
    Path file = Files.write(directory.resolve("word"), content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Holder holder = new Holder();
    new CommandLine(holder).parseArgs("--passphrase-file", file.toString());
    return holder.passphrase;
  }

  private Passphrase of(String content) throws IOException {
    return of(content.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"'größe 1\n', 'größe 1'", "'a\r\n', 'a'", "'a\n\n', 'a\n'", "' a ', ' a '"})
  void a_file_holds_it_without_the_last_line_break(String content, String passphrase)
      throws IOException {
    assertThat(of(content).known(directory, VARIABLE)).isEqualTo(passphrase.toCharArray());
  }

  @Test
  void a_variable_holds_it_when_no_file_is_given() {
    assertThat(new Passphrase().known(directory, VARIABLE)).isEqualTo("of variable".toCharArray());
    assertThat(new Passphrase().chosen(VARIABLE)).isEqualTo("of variable".toCharArray());
  }

  @Test
  void without_a_source_the_command_says_how_to_give_it() {
    assertThatThrownBy(() -> new Passphrase().known(Path.of("a.key"), Map.of()))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("a.key is encrypted, and its passphrase is missing")
        .hasMessageContaining("--passphrase-file")
        .hasMessageContaining("GONEXT_KEY_PASSPHRASE");
  }

  @Test
  void an_empty_one_is_refused() throws IOException {
    Passphrase empty = of("\n");
    assertThatThrownBy(() -> empty.chosen(Map.of())).hasMessageContaining("passphrase is empty");
    assertThatThrownBy(() -> new Passphrase().chosen(Map.of(Passphrase.VARIABLE, "")))
        .hasMessageContaining("GONEXT_KEY_PASSPHRASE has no text");
  }

  @Test
  void a_file_that_is_too_long_or_not_text_is_refused() throws IOException {
    Passphrase longOne = of("a".repeat(1025));
    assertThatThrownBy(() -> longOne.chosen(Map.of())).hasMessageContaining("more than 1024 bytes");
    Passphrase binary = of(new byte[] {(byte) 0xff});
    assertThatThrownBy(() -> binary.chosen(Map.of())).hasMessageContaining("not UTF-8");
  }
}
