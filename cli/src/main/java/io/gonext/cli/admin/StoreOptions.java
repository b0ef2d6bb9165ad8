package io.gonext.cli.admin;

import io.gonext.cli.output.OwnersOnly;
import io.gonext.host.Database;
import io.gonext.host.HostConfig;
import io.gonext.host.MasterKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for the store and the keys of its secrets. */
public final class StoreOptions {
  private static final String MASTER_KEY_VARIABLE = "GONEXT_MASTER_KEY";
  private static final String NEXT_MASTER_KEY_VARIABLE = "GONEXT_NEXT_MASTER_KEY";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  // The help does not show the default, which may contain a password.
  @Option(
      names = "--db",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_DB}",
      description = {
        "Keep the store in this PostgreSQL database:",
        "jdbc:postgresql://HOST/DATABASE.",
        "Hosts that share a database serve the same",
        "plugins. The variable GONEXT_DB does the same; the",
        "list of processes does not show it."
      })
  private @Nullable String url;

  @Option(
      names = "--db-file",
      paramLabel = "FILE",
      description = {"The same, with the URL in a file that only its", "owner can read."})
  private @Nullable Path urlFile;

  @Option(
      names = "--master-key-file",
      paramLabel = "FILE",
      description = {
        "The key that protects the secrets and the kept",
        "inputs of plugins: 32 bytes in base64, in a file",
        "that only its owner can read. The variable",
        "GONEXT_MASTER_KEY holds the key itself. Without",
        "both, the host makes one in its data directory.",
        "Hosts that share a database need the same key."
      })
  private @Nullable Path masterKeyFile;

  @Option(
      names = "--next-master-key-file",
      paramLabel = "FILE",
      description = {
        "The key that takes its place when an operator runs",
        "gonext secret rotate-master; or the variable",
        "GONEXT_NEXT_MASTER_KEY. All hosts that share a",
        "database need it before that."
      })
  private @Nullable Path nextMasterKeyFile;

  /** Sets the database and the keys. */
  public void configure(HostConfig.Builder config) {
    config.database(database());
    Optional<MasterKey> key = key(masterKeyFile, MASTER_KEY_VARIABLE);
    Optional<MasterKey> next = key(nextMasterKeyFile, NEXT_MASTER_KEY_VARIABLE);
    if (next.isPresent() && key.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "a next master key needs a master key in --master-key-file or "
              + MASTER_KEY_VARIABLE
              + "; a host that has made its own makes the next one, too");
    }
    key.ifPresent(config::masterKey);
    next.ifPresent(config::nextMasterKey);
  }

  private Database database() {
    boolean named = url != null && !url.isEmpty();
    if (named && urlFile != null) {
      throw new ParameterException(
          spec.commandLine(), "--db-file: --db or GONEXT_DB is set, too: give one of them");
    }
    String given = urlFile == null ? url : text(urlFile).strip();
    if (given == null || (given.isEmpty() && urlFile == null)) {
      return Database.embedded();
    }
    String option = urlFile == null ? "--db: " : urlFile + ": ";
    try {
      return Database.postgreSql(given);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), option + e.getMessage(), e);
    }
  }

  private String text(Path file) {
    try {
      return Files.readString(ownersOnly(file));
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), file + " cannot be read: " + e.getMessage());
    }
  }

  private Optional<MasterKey> key(@Nullable Path file, String variable) {
    String source = file == null ? variable : file.toString();
    try {
      String text = file == null ? System.getenv(variable) : text(file);
      return text == null || text.isEmpty() ? Optional.empty() : Optional.of(MasterKey.parse(text));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), source + ": " + e.getMessage());
    }
  }

  private Path ownersOnly(Path file) throws IOException {
    Optional<String> problem = OwnersOnly.problem(file);
    if (problem.isPresent()) {
      throw new ParameterException(spec.commandLine(), problem.get());
    }
    return file;
  }
}
