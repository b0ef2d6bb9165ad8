package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.logging.StreamHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TrapTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  private GuestTrap trapOf(String function, long... args) {
    var guest = engine.instance("engine-basics");
    var trap = TestEngine.trap(guest, function, args);
    assertThat(trap).as("a trap of %s", function).isNotNull();
    assertThat(guest.isUsable()).isFalse();
    return trap;
  }

  @AfterEach
  void the_interrupt_flag_is_clear_after_every_trap() {
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void unreachable() {
    var trap = trapOf("unreachable");

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.Unreachable());
    assertThat(trap.trapCause().code()).isEqualTo("UNREACHABLE");
    assertThat(trap.backtrace().getFirst().name()).isEqualTo("unreachable");
  }

  @Test
  void an_access_outside_the_memory_is_an_out_of_bounds_trap() {
    assertThat(trapOf("load", 65_536).trapCause()).isInstanceOf(TrapCause.OutOfBounds.class);
    assertThat(trapOf("load", 65_533).trapCause()).isInstanceOf(TrapCause.OutOfBounds.class);
    assertThat(trapOf("store", 0xFFFF_FFFFL, 1).trapCause())
        .isInstanceOf(TrapCause.OutOfBounds.class);
  }

  @Test
  void arithmetic_without_a_result_is_a_division_trap() {
    assertThat(trapOf("divide", 1, 0).trapCause())
        .isEqualTo(new TrapCause.Division("integer divide by zero"));
    assertThat(trapOf("divide", Integer.MIN_VALUE, -1).trapCause())
        .isEqualTo(new TrapCause.Division("integer overflow"));
    assertThat(trapOf("truncate", Double.doubleToRawLongBits(Double.NaN)).trapCause())
        .isInstanceOf(TrapCause.Division.class);
  }

  @Test
  void an_indirect_call_of_an_empty_element_is_a_trap() {
    assertThat(trapOf("indirect", 0).trapCause()).isInstanceOf(TrapCause.IndirectCall.class);
    assertThat(trapOf("indirect", 7).trapCause()).isInstanceOf(TrapCause.IndirectCall.class);
  }

  @Test
  void endless_recursion_is_a_stack_exhausted_trap() {
    var trap = trapOf("recurse", 0);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.StackExhausted());
    assertThat(trap.backtrace()).hasSize(TrapTranslator.MAX_FRAMES);
    assertThat(trap.getMessage()).endsWith(" < and " + (TrapTranslator.MAX_FRAMES - 8) + " more)");
  }

  @Test
  void a_panic_trap_has_the_guests_text() {
    assertThat(trapOf("panic").trapCause()).isEqualTo(new TrapCause.GuestPanic("oh no"));
  }

  @Test
  void an_abort_after_refused_growth_is_a_memory_limit_trap() {
    assertThat(trapOf("grow_or_abort", 10).trapCause()).isEqualTo(new TrapCause.MemoryLimit(11, 4));
  }

  @Test
  void a_host_functions_exception_is_hidden_from_the_guest_and_kept_as_the_cause() {
    engine.host =
        (call, args) -> {
          throw new IllegalArgumentException("secret");
        };

    var trap = trapOf("call_host", 1);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.HostFailure("env.host"));
    assertThat(trap.getMessage()).doesNotContain("secret");
    assertThat(trap).cause().hasMessage("secret");
  }

  @Test
  void a_pointer_out_of_bounds_is_an_abi_violation() {
    engine.host = (call, args) -> call.memory().readInt(args[0]);

    assertThat(trapOf("call_host", 0xFFFF_FFFFL).trapCause())
        .isEqualTo(
            new TrapCause.AbiViolation(
                "block [4294967295, +4) does not lie in the guest's 65536 bytes of memory"));
  }

  @Test
  void a_host_call_inside_the_allocator_is_an_abi_violation() {
    var guest = engine.instance("engine-basics");

    assertThatThrownBy(() ->
            guest.run(
                TestEngine.LONG, call -> call.callWithoutHost(guest.function("call_host"), 1)))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap ->
                assertThat(trap.trapCause())
                    .isEqualTo(
                        new TrapCause.AbiViolation(
                            "env.host was called from inside the guest's allocator")));
  }

  @Test
  void a_trap_of_a_nested_call_passes_through_the_host_function() {
    engine.host = (call, args) -> call.callGuest(call.function("unreachable"));

    var trap = trapOf("call_host", 1);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.Unreachable());
  }

  @Test
  void an_interrupt_from_elsewhere_ends_the_guest_and_is_kept() {
    engine.host =
        (call, args) -> {
          Thread.currentThread().interrupt();
          return 0;
        };

    var trap = trapOf("loop_host");

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.Interrupted());
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void an_endless_start_section_ends_at_the_start_timeout() {
    var config = engine.configBuilder().startTimeout(Duration.ofMillis(50)).build();

    assertThatThrownBy(() -> engine.instance("engine-start-loop", config))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap ->
                assertThat(trap.trapCause())
                    .isEqualTo(new TrapCause.Deadline(Duration.ofMillis(50))));
  }

  /** The guest recurses to the end of the stack, and calls the host at each level. */
  @Tag("slow")
  @Test
  void host_code_never_overflows_the_stack_of_a_recursive_guest() {
    var lock = new java.util.concurrent.locks.ReentrantLock();
    Map<Long, Integer> counts = new ConcurrentHashMap<>();
    var log = Logger.getAnonymousLogger();
    log.setUseParentHandlers(false);
    log.addHandler(new StreamHandler(OutputStream.nullOutputStream(), new SimpleFormatter()));
    var calls = new int[3];
    engine.host =
        (call, args) -> {
          calls[0]++;
          lock.lock();
          try {
            counts.merge(args[0], 1, Integer::sum);
            log.log(Level.INFO, "call {0} of {1}", new Object[] {calls[0], counts.keySet()});
          } catch (StackOverflowError e) {
            calls[2]++;
          } finally {
            lock.unlock();
          }
          calls[1]++;
          return 0;
        };

    for (int i = 0; i < 20; i++) {
      assertThat(trapOf("recurse_host", i).trapCause()).isEqualTo(new TrapCause.StackExhausted());
    }

    assertThat(calls[0]).as("calls begun").isEqualTo(calls[1]).isGreaterThan(10_000);
    assertThat(calls[2]).as("overflows inside host code").isZero();
    assertThat(lock.isLocked()).isFalse();
  }

  @Test
  void bulk_operations_in_a_straight_line_end_at_the_deadline() {
    // 4,000 fills of 16 MiB without a loop or a call take seconds. Admission does not see the size,
    // because it is a constant "or" zero.
    var code = WasmBytes.part().u32(0);
    code.repeat(4_000, 0x41, 0, 0x41, 1, 0x41, 0x80, 0x80, 0x80, 0x08, 0x41, 0, 0x72, 0xFC, 11, 0);
    byte[] module =
        WasmBytes.module()
            .section(1, WasmBytes.part().u32(1).bytes(0x60, 0, 0))
            .section(3, WasmBytes.part().u32(1).u32(0))
            .section(5, WasmBytes.part().u32(1).bytes(0).u32(256))
            .section(7, WasmBytes.part().u32(1).name("fill").bytes(0, 0))
            .section(10, body(code.bytes(0x0B)))
            .toBytes();
    var guest = engine.engine.compile(module).instantiate(engine.config());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long began = threads.getCurrentThreadCpuTime();

    var trap = TestEngine.trap(guest, Duration.ofMillis(50), "fill");

    assertThat(trap.trapCause()).isInstanceOf(TrapCause.Deadline.class);
    assertThat(threads.getCurrentThreadCpuTime() - began).isLessThan(3_000_000_000L);
  }

  private static WasmBytes body(WasmBytes code) {
    byte[] bytes = code.toBytes();
    return WasmBytes.part().u32(1).u32(bytes.length).raw(bytes);
  }
}
