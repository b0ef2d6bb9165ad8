package io.gonext.host;

import io.gonext.host.internal.service.db.DatabaseService;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Bundle;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What happened when the migrations of a bundle ran on an empty database, as a host would run them.
 *
 * @param database where they ran, as people call it
 * @param migrations how many the bundle has
 * @param problem why they failed; empty if all ran
 */
public record MigrationCheck(String database, int migrations, Optional<String> problem) {

  /**
   * Runs them on a new embedded database.
   *
   * @param directory empty, for the database's file
   * @throws BundleRejectedException when it is not an acceptable bundle
   */
  public static MigrationCheck embedded(byte[] bundle, Path directory) {
    return new MigrationCheck("H2", Bundle.read(bundle), directory, Database.embedded());
  }

  /**
   * Runs them in a new database of a server, which is removed afterwards. The user must be allowed
   * to create databases and roles.
   *
   * @param directory empty, for what a store keeps beside its database
   * @param server names the server, and a database of it where the new one is created from
   * @throws BundleRejectedException when it is not an acceptable bundle
   * @throws StoreException when no database can be created there
   */
  public static MigrationCheck postgreSql(
      byte[] bundle, Path directory, Database.PostgreSql server) {
    Bundle read = Bundle.read(bundle);
    try (ScratchDatabase scratch = ScratchDatabase.create(server)) {
      return new MigrationCheck("PostgreSQL", read, directory, scratch.database());
    }
  }

  private MigrationCheck(String name, Bundle bundle, Path directory, Database database) {
    this(name, bundle.migrations().size(), problem(bundle, directory, database));
  }

  private static Optional<String> problem(Bundle bundle, Path directory, Database database) {
    try (PluginStore store = PluginStore.open(directory, database)) {
      var databases = store.pluginDatabases();
      try (DatabaseService service =
          new DatabaseService(
              databases,
              HostConfig.DEFAULT_DATABASE_BYTES,
              UpdatePolicy.defaults().migrations(),
              null,
              new SimpleMeterRegistry(),
              OpenTelemetry.noop(),
              System::nanoTime)) {
        service.migrate(bundle);
        return Optional.empty();
      } catch (ActivationException e) {
        return Optional.of(e.getMessage());
      } finally {
        databases.remove(bundle.manifest().name());
      }
    }
  }
}
