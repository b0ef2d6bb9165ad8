package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostKeyTest {
  @TempDir private Path directory;
  @TempDir private Path other;

  @Test
  void a_directory_keeps_its_own_key() {
    byte[] key = HostKey.of(directory);
    assertThat(key).hasSize(32);
    assertThat(HostKey.of(directory)).isEqualTo(key);
    assertThat(HostKey.of(other)).isNotEqualTo(key);
  }

  @Test
  void only_its_owner_can_read_it() throws IOException {
    HostKey.of(directory);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve("host.key"))))
        .isEqualTo("rw-------");
    assertThat(directory).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void a_damaged_key_is_named_with_the_way_out() throws IOException {
    Files.write(directory.resolve("host.key"), new byte[3]);
    assertThatThrownBy(() -> HostKey.of(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("delete it");
  }
}
