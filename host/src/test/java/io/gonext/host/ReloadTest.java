package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A version that was replaced leaves nothing: neither its classes nor what hangs on them. */
@Tag("slow")
@Isolated("it counts the classes of the whole JVM")
class ReloadTest {
  /** 1,000 in the profile {@code long}. */
  private static final int RELOADS = Integer.getInteger("gonext.test.reloads", 60);

  /** What a heap may grow by, where a version that stayed would be some 100 KiB. */
  private static final long HEAP_BYTES = 6L << 20;

  @TempDir private Path data;

  @Test
  void heap_and_classes_end_where_they_were_however_often_a_plugin_is_reloaded()
      throws InterruptedException {
    try (Host host =
        Host.open(HostConfig.builder(data).updates(UpdatePolicy.development()).build())) {
      byte[][] versions = {version("2"), version("1")};
      host.plugins().activate(host.plugins().install(version("1")).manifest().name());
      reload(host, versions, 20);
      // What the assertions themselves load is not to count.
      assertThatTheyEndBelow(Integer.MAX_VALUE, Long.MAX_VALUE);
      int classes = loadedClasses();
      long heap = heapBytes();
      reload(host, versions, RELOADS);
      // What the JVM itself makes meanwhile, for method handles and reflection.
      assertThatTheyEndBelow(classes + RELOADS / 2, heap + HEAP_BYTES);
    }
  }

  private static void reload(Host host, byte[][] versions, int times) throws InterruptedException {
    for (int i = 0; i < times; i++) {
      host.plugins().update(versions[i % 2]);
      assertThat(host.applyFilters("version", "x").degraded()).isEmpty();
    }
  }

  private static void assertThatTheyEndBelow(int classes, long heapBytes) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> {
          System.gc();
          assertThat(loadedClasses()).isLessThan(classes);
          assertThat(heapBytes()).isLessThan(heapBytes);
        });
  }

  private static int loadedClasses() {
    return ManagementFactory.getClassLoadingMXBean().getLoadedClassCount();
  }

  private static long heapBytes() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static byte[] version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .filter("version")
        .bytes();
  }
}
