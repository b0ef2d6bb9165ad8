package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands in {@code docs/operations.md} are commands of this command line. */
class OperationsDocsTest {
  private static final Path DOCUMENT =
      Path.of(System.getProperty("gonext.root"), "docs", "operations.md");

  /** In a block, up to its comment, or between backticks. */
  private static final Pattern COMMAND =
      Pattern.compile("(?m)^gonext ([^#\\n]+)|`gonext ([^`]+)`|`serve (--[^`]+)`");

  private final CommandLine gonext = Main.commandLine();

  @Test
  void each_command_in_the_document_can_be_typed() throws IOException {
    Set<String> commands = new LinkedHashSet<>();
    COMMAND
        .matcher(Files.readString(DOCUMENT))
        .results()
        .forEach(found -> {
          for (int group = 1; group <= 2; group++) {
            if (found.group(group) != null) {
              commands.add(found.group(group).strip());
            }
          }
          if (found.group(3) != null) {
            commands.add("serve " + found.group(3));
          }
        });
    assertThat(commands).hasSizeGreaterThan(20);
    for (String command : commands) {
      String typed =
          command
              .replace("NAME", "hello-rust")
              .replaceAll("\\bID\\b", "1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21")
              .replaceAll("\\b(FILE|DIR|DATA)\\b", "file")
              .replaceAll("\\bN\\b", "16");
      String[] words = withValues(typed);
      assertThatCode(() -> Main.commandLine(words).parseArgs(words))
          .as("gonext %s", command)
          .doesNotThrowAnyException();
    }
  }

  /** Options that the text names without a value get one. */
  private String[] withValues(String typed) {
    String[] words = typed.split(" ", -1);
    CommandLine serve = Objects.requireNonNull(gonext.getSubcommands().get("serve"));
    String last = words[words.length - 1];
    boolean needsValue =
        words[0].equals("serve")
            && last.startsWith("--")
            && serve.getCommandSpec().optionsMap().containsKey(last)
            && serve.getCommandSpec().optionsMap().get(last).arity().min() > 0;
    return (needsValue ? typed + (last.equals("--route-rate") ? " 10/1" : " 64") : typed)
        .split(" ", -1);
  }
}
