package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.internal.store.StoreFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The migrations of bundles, on both databases. Each test has a plugin of its own. */
@ParameterizedClass
@EnumSource
@SuppressWarnings("NullAway.Init") // before each class invocation
class MigrationsTest {
  private static final String NOTES = "create table note (id int primary key, body varchar(100))";

  @TempDir private static Path data;
  private static Host host;
  private static SqlGuests sql;
  private static Database database;

  private final StoreFixture fixture;

  MigrationsTest(StoreFixture fixture) {
    this.fixture = fixture;
  }

  @BeforeParameterizedClassInvocation
  static void open(StoreFixture fixture) throws InterruptedException {
    database = fixture.create();
    host = open(fixture.name());
    sql = new SqlGuests(host);
  }

  private static Host open(String directory) throws InterruptedException {
    return Host.open(HostConfig.builder(data.resolve(directory)).database(database).build());
  }

  @AfterParameterizedClassInvocation
  static void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void migrations_run_in_their_order_before_the_plugin_serves() throws InterruptedException {
    sql.activate(
        bundle("first")
            .file("migrations/V10__index.sql", "create index by_body on note (body)")
            .file("migrations/V2__rows.sql", "insert into note values (1, 'a; b');\n-- more\n;")
            .file("migrations/V1__notes.sql", NOTES + ";"),
        "first");
    assertThat(rows("first", "select body from note")).isEqualTo("[[\"a; b\"]]");
    assertThat(host.audit().newest("first", 20)).extracting(AuditRow::event).contains("migrate");
  }

  @Test
  void an_update_runs_only_the_new_migrations() throws InterruptedException {
    sql.activate(bundle("second").file("migrations/V1__notes.sql", NOTES), "second");
    sql.write("second", "insert into note values (1, 'kept')");
    update(
        bundle("second")
            .version("2.0.0")
            .file("migrations/V1__notes.sql", NOTES)
            .file("migrations/V2__more.sql", "alter table note add column more int default 5"));
    assertThat(rows("second", "select body, more from note")).isEqualTo("[[\"kept\",5]]");
  }

  @Test
  void a_failed_migration_leaves_the_old_version_in_service() throws InterruptedException {
    sql.activate(bundle("third").file("migrations/V1__notes.sql", NOTES), "third");
    GuestBundle broken =
        bundle("third")
            .version("2.0.0")
            .file("migrations/V1__notes.sql", NOTES)
            .file("migrations/V2__broken.sql", "create table other (i int);\n\nselec 1;");
    assertThatThrownBy(() -> update(broken))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("third@2.0.0: migrations/V2__broken.sql, line 3: ")
        .hasMessageContaining("(42")
        .hasMessageNotContaining("\n");
    assertThat(host.plugins().find("third").orElseThrow().current().version()).isEqualTo("1.0.0");
    assertThat(rows("third", "select count(*) from note")).isEqualTo("[[0]]");
    boolean undone = sql.read("third", "select * from other").isInt();
    assertThat(undone).isEqualTo(fixture == StoreFixture.POSTGRESQL);
    // It runs once it is right.
    update(
        bundle("third")
            .version("2.0.1")
            .file("migrations/V1__notes.sql", NOTES)
            .file("migrations/V2__broken.sql", "create table if not exists other (i int)"));
    assertThat(rows("third", "select count(*) from other")).isEqualTo("[[0]]");
  }

  @Test
  void a_migration_that_was_changed_after_it_ran_is_refused() throws InterruptedException {
    sql.activate(bundle("fourth").file("migrations/V1__notes.sql", NOTES), "fourth");
    assertThatThrownBy(() ->
            update(
                bundle("fourth")
                    .version("2.0.0")
                    .file("migrations/V1__notes.sql", NOTES.replace("100", "200"))))
        .isInstanceOf(ActivationException.class)
        .hasMessage(
            "fourth@2.0.0: migrations/V1__notes.sql has run and was changed since: put it back as"
                + " it was, and add a migration");
    assertThatThrownBy(() ->
            update(bundle("fourth").version("2.0.0").file("migrations/V2__other.sql", "select 1")))
        .isInstanceOf(ActivationException.class)
        .hasMessage("fourth@2.0.0: migration 1 has run and is not in the bundle: put it back");
    assertThat(rows("fourth", "select count(*) from note")).isEqualTo("[[0]]");
  }

  @Test
  void an_older_version_runs_on_newer_tables() throws InterruptedException {
    sql.activate(bundle("fifth").file("migrations/V1__notes.sql", NOTES), "fifth");
    update(
        bundle("fifth")
            .version("2.0.0")
            .file("migrations/V1__notes.sql", NOTES)
            .file("migrations/V2__more.sql", "alter table note add column more int"));
    host.plugins().rollback("fifth");
    assertThat(rows("fifth", "select more from note")).isEqualTo("[]");
  }

  @Test
  void migrations_take_the_capability_to_write() throws InterruptedException {
    GuestBundle bundle = bundle("sixth").file("migrations/V1__notes.sql", NOTES);
    host.plugins().install(bundle.bytes());
    assertThatThrownBy(() -> host.plugins().activate("sixth"))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("its migrations take the capability db.write: grant it first");
    assertThatThrownBy(() ->
            host.plugins()
                .install(
                    SqlGuests.bundle("seventh")
                        .field("capabilities", "[\"db.read\"]")
                        .file("migrations/V1__notes.sql", NOTES)
                        .bytes()))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("add it to /capabilities");
  }

  @Test
  void a_migration_has_the_plugins_rights_only() throws InterruptedException {
    GuestBundle bundle =
        bundle("eighth")
            .file("migrations/V1__steal.sql", "create table t as select * from public.plugin");
    host.plugins().install(bundle.bytes());
    host.plugins().grantRequested("eighth");
    assertThatThrownBy(() -> host.plugins().activate("eighth"))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("migrations/V1__steal.sql, line 1: ");
  }

  @Test
  void a_placeholder_is_a_text_like_any_other() throws InterruptedException {
    sql.activate(
        bundle("ninth")
            .file("migrations/V1__notes.sql", NOTES + "; insert into note values (1, '${x}')"),
        "ninth");
    assertThat(rows("ninth", "select body from note")).isEqualTo("[[\"${x}\"]]");
  }

  @Test
  void two_nodes_run_a_migration_once() throws Exception {
    if (fixture == StoreFixture.H2) {
      return; // for one process
    }
    try (Host other = open("other");
        ExecutorService both = Executors.newVirtualThreadPerTaskExecutor()) {
      GuestBundle bundle =
          bundle("tenth")
              .file("migrations/V1__notes.sql", NOTES + "; insert into note values (1, 'once')");
      host.plugins().install(bundle.bytes());
      host.plugins().grantRequested("tenth");
      Callable<Boolean> here = () -> activated(host);
      Callable<Boolean> there = () -> activated(other);
      for (Future<Boolean> each : both.invokeAll(java.util.List.of(here, there))) {
        assertThat(each.get()).isTrue();
      }
      assertThat(rows("tenth", "select count(*) from note")).isEqualTo("[[1]]");
    }
  }

  @Test
  void migrations_that_take_too_long_leave_the_old_version_in_service()
      throws InterruptedException {
    HostConfig hurried =
        HostConfig.builder(data.resolve(fixture.name() + "-hurried"))
            .database(database)
            .updates(UpdatePolicy.development().withMigrations(Duration.ofMillis(900)))
            .build();
    String slow =
        fixture == StoreFixture.H2
            ? "create table n as select count(*) as c from system_range(1, 90000000000) where"
                + " mod(x, 7) = 3"
            : "select pg_sleep(50)";
    try (Host other = Host.open(hurried)) {
      SqlGuests guests = new SqlGuests(other);
      guests.activate(bundle("eleventh").file("migrations/V1__notes.sql", NOTES), "eleventh");
      GuestBundle next =
          bundle("eleventh")
              .version("2.0.0")
              .file("migrations/V1__notes.sql", NOTES)
              .file("migrations/V2__quick.sql", "insert into note values (1, 'stays')")
              .file("migrations/V3__slow.sql", slow);
      assertThatThrownBy(() -> other.plugins().update(next.bytes()))
          .isInstanceOf(ActivationException.class)
          .hasMessageContaining("eleventh@2.0.0: its migrations were stopped in")
          .hasMessageContaining("migrations/V3__slow.sql: together they may take 0 s");
      assertThat(other.plugins().find("eleventh").orElseThrow().current().version())
          .isEqualTo("1.0.0");
      assertThat(guests.call("read.eleventh.why", "select body from note").path("rows").toString())
          .isEqualTo("[[\"stays\"]]");
      other
          .plugins()
          .update(next.version("2.0.1").file("migrations/V3__slow.sql", "select 1").bytes());
      assertThat(other.plugins().find("eleventh").orElseThrow().current().version())
          .isEqualTo("2.0.1");
    }
  }

  private static boolean activated(Host host) throws InterruptedException {
    host.plugins().activate("tenth");
    return true;
  }

  private static GuestBundle bundle(String name) {
    return SqlGuests.bundle(name);
  }

  private static void update(GuestBundle bundle) throws InterruptedException {
    assertThat(host.plugins().update(bundle.bytes())).isInstanceOf(UpdateResult.Replaced.class);
  }

  private static String rows(String plugin, String text) throws InterruptedException {
    return sql.call("read." + plugin + ".why", text).path("rows").toString();
  }
}
