package io.gonext.cli.admin;

import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.Table;
import io.gonext.host.HostConfig;
import io.gonext.host.HostException;
import io.gonext.host.Secrets;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext secret}: its subcommands. */
@Command(
    name = "secret",
    description = "Set, list or delete the secrets of a plugin, or replace their key.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext secret list shop",
      "  gonext secret set shop API_KEY",
      "  gonext secret delete shop API_KEY",
      "  gonext secret rotate-master"
    },
    subcommands = {
      SecretCommand.ListSecrets.class,
      SecretCommand.SetSecret.class,
      SecretCommand.DeleteSecret.class,
      SecretCommand.RotateMaster.class
    })
public final class SecretCommand extends OperatorExitCodes implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "give a command: list, set, delete or rotate-master");
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
        throw AdminException.usage(
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
      Table table = new Table("SECRET", "REQUIRED", "SET", "HOSTS", "NOTE");
      for (JsonNode secret : answer.path("secrets")) {
        table.row(
            List.of(
                secret.path("name").asString(""),
                secret.path("required").booleanValue() ? "yes" : "",
                secret.path("set_at").asString("no"),
                String.join(
                    ", ",
                    secret.path("hosts").valueStream().map(host -> host.asString("")).toList()),
                note(secret)));
      }
      table.print(out, name + " requests no secrets");
    }

    private static String note(JsonNode secret) {
      if (!secret.path("requested").booleanValue()) {
        return "not requested";
      }
      return secret.path("inject_only").booleanValue() ? "inject only" : "";
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
    @Spec private CommandSpec spec;

    /** Taken only so that the message does not repeat it. */
    @Parameters(index = "2..*", hidden = true)
    void refuse(@Nullable List<String> values) {
      if (values != null && !values.isEmpty()) {
        throw new ParameterException(
            spec.commandLine(), "a value is not an argument, " + HiddenInput.NO_ARGUMENT);
      }
    }

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      String path = path();
      byte[] value = HiddenInput.read(key + " of " + name, Secrets.MAX_BYTES);
      try {
        host.send("PUT", path, value);
      } finally {
        Arrays.fill(value, (byte) 0);
      }
      return done();
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

  /** {@code gonext secret rotate-master}. */
  @Command(
      name = "rotate-master",
      description = {
        "Replace the master key, which protects the secrets of all plugins. The secrets stay as"
            + " they are.",
        "",
        "A host that has made its own key makes the next one, too.",
        "Otherwise, first start all hosts of the database with the next",
        "key in --next-master-key-file or GONEXT_NEXT_MASTER_KEY; and",
        "after the rotation with that key alone, as the master key."
      },
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = {
        "  gonext secret rotate-master",
        "  gonext secret rotate-master --stopped --data gonext-data"
      })
  static final class RotateMaster extends AdminCommand {
    @Spec private CommandSpec spec;

    @Option(
        names = "--stopped",
        description = {
          "No host runs: open its store here, with --data, --db and",
          "the keys as for gonext serve."
        })
    private boolean stopped;

    @Mixin private StoreOptions store;

    @Override
    public Integer call() throws InterruptedException {
      OptionPairs.requireWith(
          spec, "--stopped", "--db", "--master-key-file", "--next-master-key-file");
      if (!stopped) {
        return super.call();
      }
      OptionPairs.refuseWith(spec, "--stopped", "--url", "--token");
      if (!Files.isDirectory(data())) {
        throw new AdminException(
            data() + " is not a directory: give the host's data directory with --data");
      }
      HostConfig.Builder config = HostConfig.builder(data());
      store.configure(config);
      try {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        Secrets.rotateMaster(config.build()).forEach(answer.putArray("plugins")::add);
        show(answer);
        return ExitCode.OK;
      } catch (HostException e) {
        throw new AdminException(String.valueOf(e.getMessage()));
      }
    }

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return host.rotateMaster();
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      out.println(
          "the master key is replaced; plugins with secrets: " + answer.path("plugins").size());
    }
  }
}
