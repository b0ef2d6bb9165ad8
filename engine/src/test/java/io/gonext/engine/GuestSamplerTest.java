package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.Guests;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Sampling looks at the whole process, where other tests may run the same module. So the tests are
 * alone, and compare parts of what was seen.
 */
@Tag("slow")
@Isolated
class GuestSamplerTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  private GuestSamples sample(CompiledModule module, String function, long... args) {
    GuestInstance guest = module.instantiate(engine.config());
    try (GuestSampler sampler = GuestSampler.start(Duration.ofMillis(10))) {
      long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      GuestSamples samples;
      // Until there are enough of them: a busy machine takes longer.
      do {
        long round = System.nanoTime() + Duration.ofMillis(500).toNanos();
        while (System.nanoTime() - round < 0) {
          TestEngine.call(guest, function, args);
        }
        samples = sampler.of(module);
      } while (samples.samples() < 20 && System.nanoTime() - end < 0);
      sampler.stop();
      return sampler.of(module);
    }
  }

  @Test
  void a_recursive_function_is_in_its_stacks_as_often_as_it_called_itself() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-fuel"));

    GuestSamples samples = sample(module, "recurses", 16);

    assertThat(samples.samples()).isGreaterThanOrEqualTo(20);
    assertThat(samples.stacks())
        .allSatisfy(stack ->
            assertThat(stack.frames())
                .extracting(GuestFrame::name)
                .containsOnly("recurses")
                .hasSizeLessThanOrEqualTo(17));
    assertThat(samples.stacks())
        .anySatisfy(stack -> assertThat(stack.frames()).hasSizeGreaterThan(3));
  }

  @Test
  void a_function_of_the_host_is_the_innermost_frame_while_it_runs() {
    engine.host =
        (call, args) -> {
          long sum = args[0];
          for (int i = 0; i < 100_000; i++) {
            sum = Long.rotateLeft(sum * 31, 7) ^ i;
          }
          return sum;
        };
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-fuel"));

    GuestSamples samples = sample(module, "calls", 41);

    assertThat(samples.stacks().getFirst().frames())
        .extracting(GuestFrame::name)
        .containsExactly("env.host", "calls");
  }

  @Test
  void a_module_sees_its_own_samples_only() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-fuel"));
    CompiledModule other = engine.engine.compile(Guests.wasm("engine-fuel"), Metering.FUEL);
    GuestInstance guest = module.instantiate(engine.config());
    try (GuestSampler sampler = GuestSampler.start(Duration.ofMillis(10))) {
      long end = System.nanoTime() + Duration.ofMillis(500).toNanos();
      while (System.nanoTime() - end < 0) {
        TestEngine.call(guest, "recurses", 16);
      }
      sampler.stop();

      assertThat(sampler.of(other).stacks()).isEmpty();
      assertThat(sampler.of(other).others()).isGreaterThanOrEqualTo(sampler.of(module).samples());
      assertThat(List.of(sampler.of(module))).isEqualTo(List.of(sampler.of(module)));
    }
  }
}
