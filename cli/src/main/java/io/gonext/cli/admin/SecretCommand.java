package io.gonext.cli.admin;

import io.gonext.host.Secrets;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code gonext secret}: its subcommands. */
@Command(
    name = "secret",
    description = "Set, list or delete the secrets of a plugin.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext secret list shop",
      "  gonext secret set shop API_KEY",
      "  gonext secret delete shop API_KEY"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed, or refused by the host",
      "2:wrong command line",
      "4:no host answers"
    },
    subcommands = {
      SecretCommand.ListSecrets.class,
      SecretCommand.SetSecret.class,
      SecretCommand.DeleteSecret.class
    })
public final class SecretCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "give a command: list, set or delete");
  }

  /** A command for one secret. */
  abstract static class OneSecretCommand extends AdminCommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "The name of the plugin.")
    String name;

    @Parameters(index = "1", paramLabel = "KEY", description = "The name of the secret.")
    String key;

    /** The path of the secret, below the path of all plugins. */
    final String path() {
      if (!key.matches("[A-Za-z0-9_.-]{1,128}")) {
        throw new AdminException(
            key + " is not the name of a secret: letters, digits, and the characters _ . -");
      }
      return of(name) + "/secrets/" + key;
    }

    /** The answer of the host has no body. */
    final JsonNode done() {
      return JsonNodeFactory.instance.objectNode().put("name", name).put("secret", key);
    }
  }

  /** {@code gonext secret list}. */
  @Command(
      name = "list",
      description = "List the secrets that a plugin requests or has.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext secret list shop")
  static final class ListSecrets extends AdminCommand {
    @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
    private String name;

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return host.send("GET", of(name) + "/secrets", new byte[0]);
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      Table table = new Table("SECRET", "REQUIRED", "SET", "NOTE");
      for (JsonNode secret : answer.path("secrets")) {
        table.row(
            List.of(
                secret.path("name").asString(""),
                secret.path("required").booleanValue() ? "yes" : "",
                secret.path("set_at").asString("no"),
                secret.path("requested").booleanValue() ? "" : "not requested"));
      }
      table.print(out, name + " requests no secrets");
    }
  }

  /** {@code gonext secret set}. */
  @Command(
      name = "set",
      description = "Set the value of a secret, from a prompt or standard input.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = {
        "  gonext secret set shop API_KEY",
        "  gonext secret set shop API_KEY < api-key.txt"
      })
  static final class SetSecret extends OneSecretCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      String path = path();
      byte[] value = read();
      try {
        host.send("PUT", path, value);
      } finally {
        Arrays.fill(value, (byte) 0);
      }
      return done();
    }

    private byte[] read() {
      Optional<Console> terminal =
          Optional.ofNullable(System.console()).filter(Console::isTerminal);
      try {
        byte[] value =
            terminal.isPresent()
                ? prompted(terminal.get())
                : withoutLineBreak(System.in.readNBytes(Secrets.MAX_BYTES + 2));
        if (value.length == 0) {
          throw new AdminException("the value is empty: nothing was changed");
        }
        if (value.length > Secrets.MAX_BYTES) {
          throw new AdminException("a secret has at most " + Secrets.MAX_BYTES + " bytes");
        }
        return value;
      } catch (IOException e) {
        throw new AdminException("standard input cannot be read: " + e.getMessage());
      }
    }

    private byte[] prompted(Console console) {
      char[] typed = console.readPassword("%s of %s (not shown): ", key, name);
      if (typed == null) {
        return new byte[0];
      }
      CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
      byte[] buffer = new byte[(int) Math.ceil(typed.length * (double) encoder.maxBytesPerChar())];
      ByteBuffer encoded = ByteBuffer.wrap(buffer);
      boolean wellFormed = encoder.encode(CharBuffer.wrap(typed), encoded, true).isUnderflow();
      Arrays.fill(typed, ' ');
      byte[] value = Arrays.copyOf(buffer, encoded.position());
      Arrays.fill(buffer, (byte) 0);
      if (!wellFormed) {
        throw new AdminException("what was typed is not well-formed text: nothing was changed");
      }
      return value;
    }

    /** One line break at the end belongs to the file and not to the secret. */
    private static byte[] withoutLineBreak(byte[] read) {
      int end = read.length;
      if (end > 0 && read[end - 1] == '\n') {
        end--;
        if (end > 0 && read[end - 1] == '\r') {
          end--;
        }
      }
      byte[] value = Arrays.copyOf(read, end);
      Arrays.fill(read, (byte) 0);
      return value;
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      out.println(key + " of " + name + " is set");
    }
  }

  /** {@code gonext secret delete}. */
  @Command(
      name = "delete",
      description = "Delete the value of a secret.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext secret delete shop API_KEY")
  static final class DeleteSecret extends OneSecretCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      host.send("DELETE", path(), new byte[0]);
      return done();
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      out.println(key + " of " + name + " is deleted");
    }
  }
}
