package io.gonext.cli.dev;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Plugins to upload. */
final class Samples {
  private Samples() {}

  static byte[] manifest(String name, String... capabilities) {
    StringBuilder list = new StringBuilder("[");
    for (String capability : capabilities) {
      list.append(list.length() > 1 ? "," : "").append('"').append(capability).append('"');
    }
    return GuestBundle.of(name, new byte[0])
        .field("capabilities", list.append(']').toString())
        .manifest()
        .getBytes(StandardCharsets.UTF_8);
  }

  static Artifact artifact(byte[] wasm) {
    byte[] manifest = manifest("sample");
    return new Artifact(ManifestReader.read(manifest), manifest, wasm, Map.of(), null, null);
  }

  /** A real module; the tail makes it another one, by a custom section that means nothing. */
  static byte[] module(int variant) {
    byte[] module = Guests.wasm("echo");
    byte[] varied = java.util.Arrays.copyOf(module, module.length + 4);
    varied[module.length] = 0;
    varied[module.length + 1] = 2;
    varied[module.length + 2] = 1;
    varied[module.length + 3] = (byte) ('a' + variant);
    return varied;
  }
}
