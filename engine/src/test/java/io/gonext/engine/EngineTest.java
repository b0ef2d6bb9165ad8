package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.guests.Guests;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("slow")
class EngineTest {
  /** The size of one batch. Measures what one module takes. */
  private static final int HELD = 30;

  /** The long profile says 1,000. */
  private static final int UNLOADED = Integer.getInteger("gonext.test.unloaded", 60);

  @RegisterExtension final TestEngine engine = new TestEngine();

  @Test
  void a_module_reports_its_hash_imports_and_exports() {
    byte[] wasm = Guests.wasm("engine-basics");

    CompiledModule module = engine.engine.compile(wasm);

    assertThat(module.sha256()).matches("[0-9a-f]{64}");
    assertThat(module.sizeBytes()).isEqualTo(wasm.length);
    assertThat(module.exportsMemory("memory")).isTrue();
    assertThat(module.exportsMemory("add")).isFalse();
    assertThat(module.exports()).containsKeys("add", "loop");
    assertThat(module.imports()).hasSize(2);
  }

  @Test
  void concurrent_requests_for_the_same_bytes_share_one_compile() throws Exception {
    int threads = 8;
    byte[] wasm = Guests.wasm("engine-mutator");
    var together = new CyclicBarrier(threads);
    List<Future<CompiledModule>> results = new ArrayList<>();
    try (var pool = Executors.newFixedThreadPool(threads)) {
      Callable<CompiledModule> request =
          () -> {
            together.await();
            return engine.engine.compile(wasm.clone());
          };
      for (int i = 0; i < threads; i++) {
        results.add(pool.submit(request));
      }
    }

    CompiledModule first = results.getFirst().get();
    for (var result : results) {
      assertThat(result.get()).isSameAs(first);
    }
    assertThat(engine.engine.compile(wasm)).isSameAs(first);
  }

  @Test
  void a_module_that_does_not_validate_is_refused_and_the_next_one_compiles() {
    // An i32.add on an empty stack.
    byte[] invalid = WasmBytes.function(part().u32(0).bytes(0x6A)).toBytes();

    assertThatThrownBy(() -> engine.engine.compile(invalid))
        .isInstanceOf(ModuleRejectedException.class)
        .hasMessageContaining("the module is not valid");
    assertThat(engine.engine.compile(Guests.wasm("engine-basics"))).isNotNull();
  }

  @Test
  void a_compile_that_takes_too_long_fails_with_a_timeout() {
    var limits = EngineLimits.defaults().withCompileTimeout(Duration.ofNanos(1));
    try (var hurried = new Engine(limits)) {
      assertThatThrownBy(() -> hurried.compile(Bombs.frames()))
          .isInstanceOf(CompileTimeoutException.class)
          .hasMessageContaining("did not compile within");
    }
  }

  @Test
  void a_closed_engine_compiles_nothing() {
    engine.engine.close();

    assertThatThrownBy(() -> engine.engine.compile(Guests.wasm("engine-basics")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void the_refusal_of_an_import_that_is_not_offered_names_it() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-basics"));

    var refusal =
        catchThrowableOfType(
            ModuleRejectedException.class, () -> module.instantiate(InstanceConfig.defaults()));

    assertThat(refusal.reason()).isEqualTo(ModuleRejectedException.Reason.FORBIDDEN_IMPORT);
    assertThat(refusal)
        .hasMessage("the module imports env.host (i32) -> i32, which this host does not offer");
  }

  @Test
  void the_refusal_of_an_import_with_a_wrong_signature_names_both_signatures() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-basics"));
    var config =
        InstanceConfig.builder()
            .hostFunctions(
                List.of(HostFunction.of("env", "host", FunctionType.of(), (call, args) -> 0)))
            .build();

    assertThatThrownBy(() -> module.instantiate(config))
        .isInstanceOf(ModuleRejectedException.class)
        .hasMessage("the module imports env.host (i32) -> i32, but it is () -> ()");
  }

  @Test
  void a_memory_above_the_instances_limit_is_refused() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-wasi"));

    assertThatThrownBy(() -> module.instantiate(engine.configBuilder().maxMemoryPages(1).build()))
        .isInstanceOf(ModuleRejectedException.class)
        .hasMessage("the module's initial memory has 2 pages of 64 KiB, the limit is 1");
  }

  @Test
  void a_start_function_must_take_and_return_nothing() {
    byte[] wasm =
        WasmBytes.module()
            .section(1, part().u32(1).bytes(0x60, 1, 0x7F, 0))
            .section(3, part().u32(1).u32(0))
            .section(7, part().u32(1).name("_start").bytes(0, 0))
            .section(10, part().u32(1).u32(2).bytes(0, 0x0B))
            .toBytes();

    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> engine.engine.compile(wasm));

    assertThat(refusal.reason()).isEqualTo(ModuleRejectedException.Reason.BAD_EXPORT);
    assertThat(refusal).hasMessage("export \"_start\" must be () -> (), not (i32) -> ()");
  }

  /** Sizes of function bodies and what they become. A repetition has 9 bytes. */
  private static byte[] functionOf(int repetitions) {
    var code = part().u32(1).u32(1).bytes(0x7F);
    // local 0 = (local 0 * 3) + 1
    code.repeat(repetitions, 0x20, 0, 0x41, 3, 0x6C, 0x41, 1, 0x6A, 0x21, 0);
    var types = part().u32(1).bytes(0x60, 0, 1, 0x7F);
    byte[] body = code.bytes(0x20, 0, 0x0B).toBytes();
    return WasmBytes.module()
        .section(1, types)
        .section(3, part().u32(2).u32(0).u32(0))
        .section(7, part().u32(2).name("large").bytes(0, 0).name("small").bytes(0, 1))
        .section(10, part().u32(2).u32(body.length).raw(body).u32(4).bytes(0, 0x41, 7, 0x0B))
        .toBytes();
  }

  @Test
  void functions_too_large_for_the_jit_or_for_a_method_are_compiled_in_parts() {
    for (int repetitions : new int[] {2_000, 6_500, 20_000}) {
      CompiledModule module = engine.engine.compile(functionOf(repetitions));
      int expected = 0;
      for (int i = 0; i < repetitions; i++) {
        expected = expected * 3 + 1;
      }

      var guest = module.instantiate(InstanceConfig.defaults());
      assertThat((int) TestEngine.call(guest, "large")).isEqualTo(expected);
      assertThat(TestEngine.call(guest, "small")).isEqualTo(7);
    }
  }

  @Test
  void a_caller_that_gives_up_on_a_compile_does_not_end_it_for_others() throws Exception {
    var code = part().u32(0).bytes(0x41, 0).repeat(25_000, 0x45).bytes(0x1A);
    byte[] slow = WasmBytes.functions(40, code).toBytes();
    var patient = new java.util.concurrent.FutureTask<>(() -> engine.engine.compile(slow));
    Thread.ofPlatform().start(patient);
    while (!engine.engine.isCompiling()) {
      Thread.onSpinWait();
    }

    assertThatThrownBy(() -> engine.engine.compile(slow, Duration.ofNanos(1)))
        .isInstanceOf(CompileTimeoutException.class);

    assertThat(patient.get()).isNotNull();
  }

  @Test
  void a_compiled_module_does_not_depend_on_the_callers_array() {
    byte[] wasm = Guests.wasm("engine-basics").clone();
    CompiledModule module = engine.engine.compile(wasm);
    java.util.Arrays.fill(wasm, (byte) 0);

    GuestInstance guest = module.instantiate(engine.config());

    assertThat(TestEngine.call(guest, "add", 2, 3)).isEqualTo(5);
    assertThat(TestEngine.call(guest, "load", 16)).isEqualTo(0x6E20686F);
  }

  @Test
  void each_module_has_its_own_copy_of_the_loads_and_stores() throws Exception {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-basics"));
    CompiledModule other = engine.engine.compile(Guests.wasm("engine-grow"));

    assertThat(accesses(module))
        .isNotSameAs(accesses(other))
        .isNotSameAs(AccessTemplate.class)
        .isSameAs(accesses(module));
  }

  private Class<?> accesses(CompiledModule module) throws ClassNotFoundException {
    ClassLoader loader = module.instantiate(engine.config()).codeClass().getClassLoader();
    return Class.forName(AccessTemplate.class.getName(), false, loader);
  }

  @Test
  void a_table_above_the_instances_limit_is_refused() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-basics"));
    InstanceConfig config = engine.configBuilder().maxTableElements(1).build();

    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> module.instantiate(config));

    assertThat(refusal.reason()).isEqualTo(ModuleRejectedException.Reason.TOO_LARGE);
    assertThat(refusal)
        .hasMessageContaining("the module has a table with 2 initial elements, the limit is 1");
  }

  /** Each module differs in one constant. Its classes unload with it. */
  @Test
  void dropped_modules_unload_their_classes_and_leave_metaspace_flat() {
    List<GuestInstance> held = new ArrayList<>();
    held.add(constant(0));
    long none = settledMetaspaceBytes();
    for (int i = 1; i <= HELD; i++) {
      held.add(constant(i));
    }
    long each = (settledMetaspaceBytes() - none) / HELD;
    assertThat(each).as("a module that is held takes metaspace").isPositive();
    List<WeakReference<Class<?>>> classes = new ArrayList<>();
    held.forEach(guest -> classes.add(new WeakReference<>(guest.codeClass())));
    held.clear();
    awaitUnloaded(classes);
    long before = settledMetaspaceBytes();

    classes.clear();
    for (int i = 0; i < UNLOADED; i++) {
      classes.add(new WeakReference<>(constant(HELD + 1 + i).codeClass()));
    }
    assertThat(classes).hasSize(UNLOADED).doesNotHaveDuplicates();
    awaitUnloaded(classes);

    // Metaspace also holds the JVM's profiles of the engine's own code, the size of a few modules.
    assertThat(settledMetaspaceBytes() - before).isLessThan(each * HELD);
  }

  /** An instance of a module that is unique to this number. */
  private GuestInstance constant(int number) {
    byte[] wasm =
        WasmBytes.module()
            .section(1, part().u32(1).bytes(0x60, 0, 1, 0x7F))
            .section(3, part().u32(1).u32(0))
            .section(7, part().u32(1).name("f").bytes(0, 0))
            .section(
                10,
                part()
                    .u32(1)
                    .u32(6)
                    .bytes(0, 0x41, 0x80 | (number & 0x7F), number >> 7, 0x01, 0x0B))
            .toBytes();
    var guest = engine.engine.compile(wasm).instantiate(InstanceConfig.defaults());
    assertThat(TestEngine.call(guest, "f")).isEqualTo(number);
    guest.close();
    return guest;
  }

  /** All but one: a register or a frame may still refer to the last. */
  private static void awaitUnloaded(List<WeakReference<Class<?>>> classes) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    long left = classes.size();
    while (left > 1 && System.nanoTime() < end) {
      System.gc();
      left = classes.stream().filter(reference -> reference.get() != null).count();
    }
    assertThat(left).isLessThanOrEqualTo(1);
  }

  /** Waits until nothing more unloads, so that other tests' garbage does not count. */
  private static long settledMetaspaceBytes() {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    long used = metaspaceBytes();
    for (int same = 0; same < 3 && System.nanoTime() < end; ) {
      System.gc();
      long now = metaspaceBytes();
      same = now == used ? same + 1 : 0;
      used = now;
    }
    return used;
  }

  private static long metaspaceBytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Metaspace"))
        .mapToLong(pool -> pool.getUsage().getUsed())
        .sum();
  }
}
