package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.OwnersOnly;
import java.io.Console;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The passphrase of a private key. It is never an argument, which other users of the machine could
 * read: it comes from a file, from a variable, or from a prompt that does not show it.
 */
final class Passphrase {
  static final String VARIABLE = "GONEXT_KEY_PASSPHRASE";

  private static final int MAX_BYTES = 1024;
  private static final String HOW =
      "use --passphrase-file, or set " + VARIABLE + ", or type it in a terminal";

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description =
          "The file with the passphrase of the private key (default: $GONEXT_KEY_PASSPHRASE, or a"
              + " prompt).")
  private @Nullable Path file;

  /** The passphrase of a key that is there. The caller clears it. */
  char[] known(Path key) {
    return known(key, System.getenv());
  }

  char[] known(Path key, Map<String, String> environment) {
    return given(environment)
        .or(() -> prompt("Passphrase of " + key))
        .orElseThrow(() -> failure(key + " is encrypted, and its passphrase is missing: " + HOW));
  }

  /** A passphrase for a new key, which is typed twice at a prompt. The caller clears it. */
  char[] chosen() {
    return chosen(System.getenv());
  }

  char[] chosen(Map<String, String> environment) {
    Optional<char[]> given = given(environment);
    if (given.isPresent()) {
      return given.get();
    }
    char[] first =
        prompt("Passphrase for the new key")
            .orElseThrow(() ->
                new CommandFailure(
                    CommandFailure.Kind.USAGE,
                    "the new key needs a passphrase: "
                        + HOW
                        + "; --no-passphrase writes a key that is not encrypted"));
    char[] second = prompt("The same passphrase again").orElseGet(() -> new char[0]);
    boolean isSame = Arrays.equals(first, second);
    Arrays.fill(second, ' ');
    if (!isSame) {
      throw failure("the two passphrases differ: nothing was written");
    }
    return first;
  }

  private Optional<char[]> given(Map<String, String> environment) {
    if (file != null) {
      return Optional.of(notEmpty(read(file), file.toString()));
    }
    return Optional.ofNullable(environment.get(VARIABLE))
        .map(value -> notEmpty(value.toCharArray(), VARIABLE));
  }

  private static Optional<char[]> prompt(String what) {
    return Optional.ofNullable(System.console())
        .filter(Console::isTerminal)
        .map(console -> console.readPassword("%s (not shown): ", what))
        .map(typed -> notEmpty(typed, "what was typed"));
  }

  private static char[] notEmpty(char[] passphrase, String source) {
    if (passphrase.length == 0) {
      throw failure("the passphrase is empty: " + source + " has no text");
    }
    return passphrase;
  }

  /** The text of a file without the line break at its end. */
  private static char[] read(Path file) {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      if (Files.isRegularFile(file)) {
        OwnersOnly.require(file);
      }
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw failure(
          Files.isDirectory(file)
              ? file + " is a directory: give the file with the passphrase"
              : file + " cannot be read: " + CommandFailure.reason(e));
    }
    if (bytes.length > MAX_BYTES) {
      throw failure(file + " has more than " + MAX_BYTES + " bytes, and is not a passphrase");
    }
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      int end = text.length();
      if (end > 0 && text.get(end - 1) == '\n') {
        end -= end > 1 && text.get(end - 2) == '\r' ? 2 : 1;
      }
      char[] passphrase = new char[end];
      text.get(passphrase);
      Arrays.fill(text.array(), ' ');
      return passphrase;
    } catch (CharacterCodingException e) {
      throw failure(file + " is not UTF-8 text");
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  private static CommandFailure failure(String message) {
    return new CommandFailure(CommandFailure.Kind.FAILED, message);
  }
}
