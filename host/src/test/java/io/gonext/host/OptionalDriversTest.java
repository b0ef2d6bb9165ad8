package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.internal.store.TestPostgres;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host needs the driver of the database that it uses, and no other. */
@Tag("slow")
class OptionalDriversTest {
  @TempDir private Path directory;

  @Test
  void without_h2_the_error_names_the_artifact() throws IOException {
    try (URLClassLoader application = without("h2-")) {
      assertThatThrownBy(() -> openAndClose(application, null))
          .hasToString(
              "io.gonext.host.StoreException: a store in the data directory needs com.h2database:h2"
                  + " on the class path: add this dependency, whose version io.gonext:gonext-bom"
                  + " names");
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void a_store_in_postgresql_needs_no_h2() throws Exception {
    String url = TestPostgres.createDatabase();
    try (URLClassLoader application = without("h2-")) {
      assertThat(openAndClose(application, url)).isZero();
    }
  }

  @Test
  void a_store_in_the_data_directory_needs_nothing_of_postgresql() throws Exception {
    try (URLClassLoader application = without("postgresql-", "flyway-database-")) {
      assertThat(openAndClose(application, null)).isZero();
    }
  }

  @Test
  void without_the_driver_of_postgresql_the_error_names_the_artifact() throws IOException {
    try (URLClassLoader application = without("postgresql-")) {
      assertThatThrownBy(() -> openAndClose(application, "jdbc:postgresql://localhost/none"))
          .hasMessageContaining("needs org.postgresql:postgresql on the class path");
    }
  }

  @Test
  void without_flyways_part_for_postgresql_the_error_names_the_artifact() throws IOException {
    try (URLClassLoader application = without("flyway-database-postgresql-")) {
      assertThatThrownBy(() -> openAndClose(application, "jdbc:postgresql://localhost/none"))
          .hasMessageContaining("needs org.flywaydb:flyway-database-postgresql on the class path");
    }
  }

  /** This JVM's class path without the jars whose names begin so; each has to be on it. */
  private static URLClassLoader without(String... jars) throws IOException {
    List<URL> kept = new ArrayList<>();
    List<String> missing = new ArrayList<>(List.of(jars));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path file = Path.of(entry);
      boolean isLeft = false;
      for (String jar : jars) {
        if (file.getFileName().toString().startsWith(jar)) {
          isLeft = true;
          missing.remove(jar);
        }
      }
      if (!isLeft) {
        kept.add(file.toUri().toURL());
      }
    }
    assertThat(missing).isEmpty();
    return new URLClassLoader(kept.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  /** Opens a host there, and returns how many plugins it has. */
  private int openAndClose(ClassLoader application, @Nullable String url) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(application);
    try {
      return (int)
          application
              .loadClass(Opens.class.getName())
              .getMethod("hosts", Path.class, String.class)
              .invoke(null, directory, url);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** What runs with the smaller class path. */
  public static final class Opens {
    private Opens() {}

    public static int hosts(Path directory, @Nullable String url) throws InterruptedException {
      HostConfig.Builder config = HostConfig.builder(directory);
      if (url != null) {
        config.database(Database.postgreSql(url));
      }
      try (Host host = Host.open(config.build())) {
        return host.plugins().list().size();
      }
    }
  }
}
