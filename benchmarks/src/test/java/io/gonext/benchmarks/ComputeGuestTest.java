package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.benchmarks.GuestRuntime.Guest;
import io.gonext.guests.Guests;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The runtimes to compare compute the same, with the guest in the repository. */
@Tag("slow")
class ComputeGuestTest {
  private static final byte[] WASM = Guests.wasm(ComputeGuest.NAME);
  private static final List<Kernel> KERNELS =
      Stream.of(Kernel.values()).filter(kernel -> kernel.source() == KernelSource.COMPUTE).toList();

  @ParameterizedTest
  @ValueSource(strings = {GuestRuntime.OURS, GuestRuntime.STOCK})
  void every_kernel_has_the_checksum_of_its_native_build(String runtime) {
    try (GuestRuntime engine = GuestRuntime.named(runtime);
        Guest guest = engine.compile(WASM).instantiate()) {
      for (Kernel kernel : KERNELS) {
        kernel.requireChecksum(guest.call("compute", kernel.index()));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {GuestRuntime.OURS, GuestRuntime.STOCK})
  void a_payload_comes_back_whole(String runtime) {
    byte[] payload = "there and back".repeat(5_000).getBytes(UTF_8);
    try (GuestRuntime engine = GuestRuntime.named(runtime);
        Guest guest = engine.compile(WASM).instantiate()) {
      assertThat(guest.hook("echo".getBytes(UTF_8), payload)).isEqualTo(payload);
      assertThat(guest.hook("done".getBytes(UTF_8), payload)).isEmpty();
    }
  }
}
