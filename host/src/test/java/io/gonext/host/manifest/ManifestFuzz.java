package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.guests.GuestBundle;
import io.gonext.host.BundleRejectedException;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes are a manifest or they are refused with a reason. A target of its own, since behind a
 * bundle's checksums variations do not get this far.
 */
public class ManifestFuzz {
  public static List<byte[]> seeds() {
    byte[] bundle = GuestBundle.of("echo").filter("h", 3).action("a").bytes();
    byte[] manifest = BundleFiles.read(bundle).files().get(Bundle.MANIFEST);
    assertThat(manifest).isNotNull();
    return List.of(manifest);
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] json) {
    try {
      Manifest manifest = ManifestReader.read(json, Vocabulary.unknown());
      assertThat(manifest.name()).matches("[a-z0-9-]+");
    } catch (BundleRejectedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
