package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileEventsTest {
  @ParameterizedTest
  @ValueSource(strings = {"9p", "drvfs", "fuse.sshfs", "fuseblk", "nfs4", "cifs"})
  void the_reason_to_poll_names_the_file_system(String type) {
    assertThat(FileEvents.whyNone(type)).contains(type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "tmpfs", "btrfs", "overlay", "apfs", "zfs"})
  void a_local_file_system_has_events(String type) {
    assertThat(FileEvents.whyNone(type)).isNull();
  }
}
