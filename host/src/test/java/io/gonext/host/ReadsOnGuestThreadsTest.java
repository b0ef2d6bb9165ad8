package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.store.StoreFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to the threads that read for guests, the store serves afterwards. */
@ParameterizedClass
@EnumSource
@SuppressWarnings("NullAway.Init") // before each class invocation
class ReadsOnGuestThreadsTest {
  private static final int READERS = 6;
  private static final int READS = 60;

  @TempDir private static Path data;
  private static Host host;
  private static SqlGuests sql;

  ReadsOnGuestThreadsTest(StoreFixture fixture) {
    assertThat(fixture).isNotNull();
  }

  @BeforeParameterizedClassInvocation
  static void open(StoreFixture fixture) throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data.resolve(fixture.name()))
                .database(fixture.create())
                .breaker(BreakerPolicy.OFF)
                .build());
    sql = new SqlGuests(host);
    sql.activate("alpha");
    sql.write("alpha", "create table entry (id int primary key, body varchar(100))");
    sql.write("alpha", "insert into entry values (1, 'one')");
    activate(
        "entries",
        GuestBundle.of("entries", Guests.wasm("kv")).filter("kv"),
        "[\"kv.read\",\"kv.write\"]");
    assertThat(entry("sk=1")).isEqualTo("0");
  }

  private static void activate(String name, GuestBundle bundle, String capabilities)
      throws InterruptedException {
    host.plugins()
        .install(
            bundle.field("capabilities", capabilities).limit("instances_max", READERS).bytes());
    host.plugins().grantRequested(name);
    host.plugins().activate(name);
  }

  @AfterParameterizedClassInvocation
  static void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  private static String entry(String operation) throws InterruptedException {
    return host.applyFilters("kv", operation).value().asString();
  }

  private static void assertServes() throws InterruptedException {
    // A machine that is busy with new instances may be late at first.
    await().atMost(Duration.ofSeconds(30)).until(() -> entry("gk").equals("1"));
    assertThat(sql.read("alpha", "select body from entry where id = ?", 1).get("rows").toString())
        .isEqualTo("[[\"one\"]]");
    assertThat(entry("sother=2")).isEqualTo("0");
    assertThat(sql.write("alpha", "update entry set body = 'one'").toString())
        .isEqualTo("{\"rows_affected\":1}");
    assertThat(host.health().storeTrouble()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(60)
  void interrupts_of_the_application_do_no_harm(boolean virtual) throws Exception {
    ThreadFactory factory = virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().factory();
    CountDownLatch ended = new CountDownLatch(READERS);
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      Thread reader =
          factory.newThread(() -> {
            for (int done = 0; done < READS; done++) {
              try {
                entry("gk");
                sql.once("read.alpha", "select body from entry where id = 1");
              } catch (InterruptedException | AssertionError e) {
                // This call was interrupted; the next one is not yet.
              }
              Thread.interrupted();
            }
            ended.countDown();
          });
      readers.add(reader);
      reader.start();
    }
    while (ended.getCount() > 0) {
      readers.forEach(Thread::interrupt);
      // Long enough for some reads to begin.
      LockSupport.parkNanos(200_000);
    }
    ended.await();
    assertServes();
  }

  @Test
  @Timeout(60)
  void a_read_at_the_end_of_the_stack_leaves_no_connection_behind() throws Exception {
    activate(
        "deep",
        GuestBundle.of("deep", Guests.wasm("reads-deep")).filter("deep"),
        "[\"kv.read\",\"db.read\",\"db.write\"]");
    // More often than the store has connections for reads.
    for (int i = 0; i < 24; i++) {
      FilterResult result = host.applyFilters("deep", "x".repeat(4 * i));
      assertThat(result.degraded()).isNotEmpty();
    }
    assertServes();
  }
}
