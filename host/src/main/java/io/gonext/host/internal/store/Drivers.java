package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The databases' drivers, which are optional dependencies of the host: an application that embeds
 * it brings those that its store needs. Each check names the artifact that is missing.
 */
public final class Drivers {
  private static final Logger LOG = LoggerFactory.getLogger(Drivers.class);

  /** The minor version of H2 2 that the store is made for; RATIONALE has the reason. */
  private static final int H2_MINOR = 4;

  private Drivers() {}

  /**
   * Checks that there is an H2, and warns when it is another than the one that stores are tested
   * with.
   *
   * @throws StoreException when there is none
   */
  static void requireH2() {
    require("org.h2.Driver", "a store in the data directory", "com.h2database:h2");
    EmbeddedVersion.check();
  }

  /**
   * Checks that there is a driver of PostgreSQL, without which not even a URL is read.
   *
   * @throws StoreException when there is none
   */
  public static void requirePostgreSql() {
    require("org.postgresql.Driver", "a store in PostgreSQL", "org.postgresql:postgresql");
  }

  /**
   * As {@link #requirePostgreSql}, and that Flyway can migrate its databases.
   *
   * @throws StoreException when one is missing
   */
  static void requireMigratedPostgreSql() {
    requirePostgreSql();
    require(
        "org.flywaydb.database.postgresql.PostgreSQLDatabaseType",
        "a store in PostgreSQL",
        "org.flywaydb:flyway-database-postgresql");
  }

  private static void require(String type, String what, String artifact) {
    try {
      Class.forName(type, false, Drivers.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new StoreException(
          what
              + " needs "
              + artifact
              + " on the class path: add this dependency, whose version io.gonext:gonext-bom names",
          e);
    }
  }

  /** Apart, because it refers to classes of H2. */
  private static final class EmbeddedVersion {
    static void check() {
      var driver = new org.h2.Driver();
      if (driver.getMinorVersion() != H2_MINOR || driver.getMajorVersion() != 2) {
        LOG.warn(
            "the store is made for H2 2.{}, and H2 {}.{} is on the class path: take the version"
                + " that io.gonext:gonext-bom names",
            H2_MINOR,
            driver.getMajorVersion(),
            driver.getMinorVersion());
      }
    }
  }
}
