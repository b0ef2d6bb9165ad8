package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.Guests;
import io.gonext.host.manifest.Manifest.Isolation;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class GuestAllocatorTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static void growPageByPage(GuestInstance instance) {
    instance.run(LIMIT, call -> call.call(instance.function("grow_to"), 256));
  }

  /** The pool retires what is outgrown, so that no instance pays for each growth again. */
  @Test
  void an_instance_that_grew_a_lot_is_outgrown_and_its_successor_is_not() {
    try (var engine = new Engine(EngineLimits.defaults())) {
      var module = engine.compile(Guests.wasm("engine-grow"));
      var allocator = new GuestAllocator(module, InstanceConfig.defaults(), Isolation.FRESH);
      GuestInstance first = allocator.create();
      growPageByPage(first);

      allocator.reset(first);
      assertThat(allocator.isOutgrown(first)).isTrue();

      GuestInstance second = allocator.create();
      growPageByPage(second);
      allocator.reset(second);
      assertThat(allocator.isOutgrown(second)).isFalse();
      assertThat(second.differenceFromSnapshot()).isNull();
    }
  }
}
