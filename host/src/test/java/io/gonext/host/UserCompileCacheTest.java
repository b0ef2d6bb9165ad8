package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.CompileCache;
import io.gonext.guests.GuestBundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** One cache of compiled modules for all hosts of a user. */
@Tag("slow")
class UserCompileCacheTest {
  @TempDir private Path directory;

  private Duration install(String data, CompileCache cache) throws InterruptedException {
    try (Host host = Host.open(HostConfig.builder(directory.resolve(data)).build(), cache)) {
      return host.plugins().install(GuestBundle.of("echo").filter("ask").bytes()).compileTime();
    }
  }

  @Test
  void a_second_host_with_another_store_compiles_nothing() throws Exception {
    Path shared = directory.resolve("cache/compiled");
    CompileCache first = UserCompileCache.open(shared);
    Duration taken = install("one", first);
    CompileCache second = UserCompileCache.open(shared);

    // What the compile took is remembered with it.
    assertThat(install("two", second)).isEqualTo(taken).isPositive();
    assertThat(first.statistics().misses()).isEqualTo(1);
    assertThat(second.statistics()).isEqualTo(new CompileCache.Statistics(1, 0, 0));
    assertThat(directory.resolve("two/compiled")).doesNotExist();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void the_directory_is_made_for_its_owner_alone() throws IOException {
    Path shared = directory.resolve("cache/compiled");

    UserCompileCache.open(shared);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shared)))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shared.resolve("key"))))
        .isEqualTo("rw-------");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void a_directory_that_others_can_write_is_refused_with_the_way_out() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwx---"));

    assertThatThrownBy(() -> UserCompileCache.open(open))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is open to others (rwxrwx---): chmod 700 ");
    assertThat(open).isEmptyDirectory();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void a_link_in_its_place_is_refused() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), elsewhere);

    assertThatThrownBy(() -> UserCompileCache.open(link))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a directory");
  }

  @Test
  void many_may_make_it_at_the_same_time() throws Exception {
    Path shared = directory.resolve("cache/compiled");
    int threads = 8;
    CyclicBarrier together = new CyclicBarrier(threads);
    List<Future<CompileCache>> opened = new ArrayList<>();
    try (var pool = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < threads; i++) {
        opened.add(
            pool.submit(() -> {
              together.await();
              return UserCompileCache.open(shared);
            }));
      }
    }
    for (Future<CompileCache> cache : opened) {
      assertThat(cache.get()).isNotNull();
    }
    assertThat(shared.resolve("key")).hasSize(32);
    assertThat(shared).isDirectoryNotContaining("glob:**.new");
  }
}
