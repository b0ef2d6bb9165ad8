package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.guests.GuestBundle;
import io.gonext.host.BundleRejectedException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes are a bundle or they are refused with a reason. */
public class BundleFuzz {
  private static final byte[] EMPTY_MODULE = {0, 'a', 's', 'm', 1, 0, 0, 0};

  public static List<byte[]> seeds() {
    byte[] small = GuestBundle.of("echo", EMPTY_MODULE).filter("h").action("a").bytes();
    Map<String, byte[]> more = new LinkedHashMap<>();
    more.put("manifest.json", "{}".getBytes(StandardCharsets.UTF_8));
    more.put("plugin.wasm", EMPTY_MODULE);
    more.put("web/index.html", new byte[100]);
    return List.of(small, GuestBundle.zip(more));
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] bytes) {
    Bundle bundle;
    try {
      bundle = Bundle.read(bytes);
    } catch (BundleRejectedException e) {
      assertThat(e.getMessage()).isNotEmpty();
      return;
    }
    assertThat(bundle.manifest().id()).isNotEmpty();
    assertThat(bundle.module()).startsWith(EMPTY_MODULE);
  }
}
