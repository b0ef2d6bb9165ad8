package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host whose data directory is on a disk without space: a file system of 24 MiB, by root. */
@Tag("slow")
class DiskFullTest {
  @TempDir private Path directory;
  private Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    disk = Files.createDirectory(directory.resolve("disk"));
    mounted = run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString());
    assumeTrue(mounted, "no file system can be mounted here: it takes root");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (mounted) {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  @Test
  void changes_are_refused_what_is_loaded_is_served_and_space_is_the_cure() throws Exception {
    Path filler = disk.resolve("filler");
    byte[] large = large();
    try (Host host = Host.open(disk.resolve("data"))) {
      host.plugins().install(GuestBundle.of("upper").filter("shout").bytes());
      host.plugins().activate("upper");
      fill(filler);

      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> host.plugins().install(large)).isInstanceOf(StoreException.class);
        assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
      }

      Files.delete(filler);
      assertThat(host.plugins().install(large).sha256()).isNotEmpty();
      assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
    }
    try (Host host = Host.open(disk.resolve("data"))) {
      assertThat(host.plugins().list())
          .extracting(plugin -> plugin.name() + " " + plugin.state())
          .containsExactly("echo INSTALLED", "upper ACTIVE");
    }
  }

  private static void fill(Path filler) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false; // there is no such command
    }
  }

  /** A bundle that does not fit into what the store's file has free. */
  private static byte[] large() {
    byte[] readMe = new byte[4 * 1024 * 1024];
    new Random(1).nextBytes(readMe);
    GuestBundle echo = GuestBundle.of("echo");
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", echo.manifest().getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", Guests.wasm("echo"));
    files.put("README.md", readMe);
    return GuestBundle.zip(files);
  }
}
