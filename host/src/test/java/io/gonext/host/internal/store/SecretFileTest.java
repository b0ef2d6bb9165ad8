package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretFileTest {
  @ParameterizedTest
  @CsvSource({
    "r--r-----, 0, false, true",
    "r--r-----, 0, true, false",
    "r--r-----, 65532, false, false",
    "r--r--r--, 0, false, false",
    "rw-rw----, 0, false, false",
    "r--------, 0, false, true"
  })
  void a_file_that_root_gives_to_a_group_is_no_one_elses(
      String permissions, int owner, boolean isWritable, boolean isGiven) {
    assertThat(SecretFile.isGiven(PosixFilePermissions.fromString(permissions), owner, isWritable))
        .isEqualTo(isGiven);
  }
}
