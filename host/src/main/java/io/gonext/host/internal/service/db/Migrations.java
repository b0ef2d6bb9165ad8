package io.gonext.host.internal.service.db;

import io.gonext.engine.PlainText;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.manifest.Migration;
import java.io.Reader;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.output.ValidateOutput;
import org.flywaydb.core.api.resource.LoadableResource;
import org.flywaydb.core.internal.sqlscript.FlywaySqlScriptException;
import org.jspecify.annotations.Nullable;

/**
 * Brings the tables of one plugin up to date, by Flyway, on connections of the plugin's own user.
 * The history is a table of the plugin's schema, so that on PostgreSQL it changes in the same
 * transaction as the tables. A lock of the database lets one host work at a time.
 */
final class Migrations {
  /** The table of the history. */
  static final String TABLE = "gonext_migration";

  private static final int MAX_MESSAGE_LENGTH = 600;

  private final SqlDialect dialect;
  private final DataSource login;
  private final Flyway flyway;
  private final List<Migration> migrations;

  /** The tables of a plugin could not be brought up to date; the message says why, for people. */
  static final class MigrationException extends Exception {
    private static final long serialVersionUID = 1L;

    MigrationException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * @param running receives the file of each migration before it runs
   */
  Migrations(
      SqlDialect dialect,
      DataSource login,
      String plugin,
      List<Migration> migrations,
      Consumer<String> running) {
    this.dialect = dialect;
    this.login = login;
    this.migrations = migrations;
    String schema = PluginDatabases.schemaOf(plugin);
    this.flyway =
        Flyway.configure()
            .dataSource(login)
            .defaultSchema(dialect.sharesConnections() ? schema : schema.toUpperCase(Locale.ROOT))
            .createSchemas(false)
            .table(TABLE)
            .resourceProvider(new Resources(migrations))
            .javaMigrationClassProvider(List::of)
            .locations(new String[0])
            .skipDefaultCallbacks(true)
            .callbacks(new Progress(running))
            .placeholderReplacement(false)
            // The plugin may have made tables before it had migrations.
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .cleanDisabled(true)
            .loggers("slf4j")
            .load();
  }

  /**
   * How many migrations have not run yet.
   *
   * @throws MigrationException when one that has run was changed or is missing
   */
  int pending() throws MigrationException {
    try {
      forgetFailures();
      // A version that was replaced by an older one leaves later migrations behind.
      MigrationInfo[] pending = flyway.info().pending();
      requireUnchanged();
      return pending.length;
    } catch (FlywayException | SQLException e) {
      throw new MigrationException("its migrations could not be compared: " + sentence(e), e);
    }
  }

  /**
   * Runs the migrations that have not run yet, each in a transaction of its own.
   *
   * @return how many
   */
  int run() throws MigrationException {
    try {
      return flyway.migrate().migrationsExecuted;
    } catch (FlywayException e) {
      if (script(e) != null) {
        throw new MigrationException(reason(e), e);
      }
    }
    // Another host may have made the history table after Flyway looked for it and before it looked
    // for other tables. Flyway then refuses to put a baseline into it.
    try {
      return flyway.migrate().migrationsExecuted;
    } catch (FlywayException e) {
      throw new MigrationException(reason(e), e);
    }
  }

  private void requireUnchanged() throws MigrationException {
    Optional<ValidateOutput> invalid =
        flyway.validateWithResult().invalidMigrations.stream()
            .filter(each -> !each.errorDetails.errorCode.toString().contains("NOT_APPLIED"))
            .findFirst();
    if (invalid.isEmpty()) {
      return;
    }
    String version = invalid.get().version;
    String file =
        migrations.stream()
            .filter(each -> Integer.toString(each.version()).equals(version))
            .map(each -> "migrations/" + each.file())
            .findFirst()
            .orElse("");
    throw new MigrationException(
        file.isEmpty()
            ? "migration %s has run and is not in the bundle: put it back".formatted(version)
            : "%s has run and was changed since: put it back as it was, and add a migration"
                .formatted(file),
        null);
  }

  /** H2 cannot take back what a failed migration has done, and Flyway would stop there for ever. */
  private void forgetFailures() throws SQLException {
    if (dialect.sharesConnections()) {
      return;
    }
    try (Connection connection = login.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("delete from \"%s\" where \"success\" = false".formatted(TABLE));
    } catch (SQLException e) {
      // Before the first migration there is no such table.
      if (!"42S02".equals(e.getSQLState())
          && !"42S03".equals(e.getSQLState())
          && !"42S04".equals(e.getSQLState())) {
        throw e;
      }
    }
  }

  private String reason(FlywayException failure) {
    FlywaySqlScriptException script = script(failure);
    if (script != null && script.getResource() != null) {
      return "migrations/%s, line %d: %s%s"
          .formatted(
              script.getResource().getFilename(),
              script.getLineNumber(),
              sentence(script),
              dialect.sharesConnections()
                  ? ""
                  : "; the embedded database keeps what the statements before it have done");
    }
    return "its migrations did not run: " + sentence(failure);
  }

  private static @Nullable FlywaySqlScriptException script(FlywayException failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof FlywaySqlScriptException script) {
        return script;
      }
    }
    return null;
  }

  /** What the database says, in one line. */
  private String sentence(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof SQLException sql && sql.getSQLState() != null) {
        return PlainText.of(dialect.message(sql), MAX_MESSAGE_LENGTH)
            + " ("
            + sql.getSQLState()
            + ")";
      }
    }
    return PlainText.of(String.valueOf(failure.getMessage()), MAX_MESSAGE_LENGTH);
  }

  /** Says which migration runs. */
  private record Progress(Consumer<String> running) implements Callback {
    @Override
    public boolean supports(Event event, @Nullable Context context) {
      return event == Event.BEFORE_EACH_MIGRATE;
    }

    @Override
    public boolean canHandleInTransaction(Event event, Context context) {
      return true;
    }

    @Override
    public void handle(Event event, Context context) {
      running.accept(context.getMigrationInfo().getScript());
    }

    @Override
    public String getCallbackName() {
      return "gonext";
    }
  }

  /** The migrations of a bundle, in memory. */
  private record Resources(List<Migration> migrations) implements ResourceProvider {
    @Override
    public @Nullable LoadableResource getResource(String name) {
      return migrations.stream()
          .filter(each -> each.file().equals(name))
          .<LoadableResource>map(File::new)
          .findFirst()
          .orElse(null);
    }

    @Override
    public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
      return migrations.stream()
          .filter(each ->
              each.file().startsWith(prefix)
                  && Arrays.stream(suffixes).anyMatch(each.file()::endsWith))
          .<LoadableResource>map(File::new)
          .toList();
    }
  }

  /** One migration as Flyway reads it. */
  private static final class File extends LoadableResource {
    private final Migration migration;

    File(Migration migration) {
      this.migration = migration;
    }

    @Override
    public Reader read() {
      return new StringReader(migration.sql());
    }

    @Override
    public String getAbsolutePath() {
      return migration.file();
    }

    @Override
    public @Nullable String getAbsolutePathOnDisk() {
      return null;
    }

    @Override
    public String getFilename() {
      return migration.file();
    }

    @Override
    public String getRelativePath() {
      return migration.file();
    }
  }
}
