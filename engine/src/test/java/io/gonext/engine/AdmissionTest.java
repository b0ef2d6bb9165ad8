package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.BAD_EXPORT;
import static io.gonext.engine.ModuleRejectedException.Reason.FORBIDDEN_IMPORT;
import static io.gonext.engine.ModuleRejectedException.Reason.MALFORMED;
import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;
import static io.gonext.engine.ModuleRejectedException.Reason.UNSUPPORTED_FEATURE;
import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.ModuleDefinition.Range;
import io.gonext.engine.ModuleDefinition.TableType;
import io.gonext.engine.ModuleRejectedException.Reason;
import io.gonext.guests.Guests;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule of admission: the module, the reason, the message and the offset. */
class AdmissionTest {
  private static final EngineLimits LIMITS = EngineLimits.defaults();

  private static final WasmBytes ONE_TYPE = part().u32(1).bytes(0x60, 0, 0);
  private static final int I32 = 0x7F;
  private static final int END = 0x0B;

  private static Arguments refused(String title, Reason reason, String message, WasmBytes module) {
    return Arguments.argumentSet(title, reason, message, module.toBytes());
  }

  private static WasmBytes imported(int kind, int... description) {
    return WasmBytes.module()
        .section(1, ONE_TYPE)
        .section(2, part().u32(1).name("env").name("x").bytes(kind).bytes(description));
  }

  private static WasmBytes code(int... code) {
    return WasmBytes.function(part().u32(0).bytes(code));
  }

  static Stream<Arguments> malformed() {
    var module = WasmBytes.module();
    return Stream.of(
        refused("nothing", MALFORMED, "empty", part()),
        refused(
            "another header",
            MALFORMED,
            "of version 2",
            part().bytes(0, 'a', 's', 'm', 2, 0, 0, 0)),
        refused("half a header", MALFORMED, "within the header", part().bytes(0, 'a', 's')),
        refused(
            "a section longer than the module",
            MALFORMED,
            "4294967295 bytes declared, 0 left",
            WasmBytes.module().bytes(1).u32(0xFFFF_FFFFL)),
        refused(
            "an overlong length",
            MALFORMED,
            "integer representation too long",
            WasmBytes.module().bytes(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)),
        refused(
            "a length of 33 bits",
            MALFORMED,
            "integer too large",
            WasmBytes.module().bytes(1, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F)),
        refused(
            "a type count larger than the section",
            MALFORMED,
            "268435455 types declared in 0 bytes",
            WasmBytes.module().section(1, part().u32(0x0FFF_FFFF))),
        refused(
            "a section of no known number",
            MALFORMED,
            "section 14 does not exist",
            WasmBytes.module().section(14, part())),
        refused(
            "sections out of order",
            MALFORMED,
            "section 1 is out of order",
            WasmBytes.module().section(3, part().u32(0)).section(1, part().u32(0))),
        refused(
            "a section twice",
            MALFORMED,
            "section 1 is out of order",
            WasmBytes.module().section(1, part().u32(0)).section(1, part().u32(0))),
        refused(
            "a section with a tail",
            MALFORMED,
            "longer than its contents",
            WasmBytes.module().section(1, part().u32(0).bytes(0))),
        refused(
            "functions without code",
            MALFORMED,
            "functions without a code section",
            WasmBytes.module().section(1, ONE_TYPE).section(3, part().u32(1).u32(0))),
        refused(
            "more bodies than functions",
            MALFORMED,
            "1 function bodies for 0 functions",
            WasmBytes.module().section(10, part().u32(1).u32(2).bytes(0, END))),
        refused(
            "a type that does not exist",
            MALFORMED,
            "there is no type 7",
            module.section(1, ONE_TYPE).section(3, part().u32(1).u32(7))),
        refused(
            "a start function that does not exist",
            MALFORMED,
            "start names function 3 of 0",
            WasmBytes.module().section(8, part().u32(3))),
        refused(
            "a name that is not UTF-8",
            MALFORMED,
            "not UTF-8",
            WasmBytes.module().section(2, part().u32(1).u32(1).bytes(0xFF).u32(0).bytes(0, 0))),
        refused("a body without end", MALFORMED, "unexpected end", code(0x02, 0x40)),
        refused("a body with a tail", MALFORMED, "has code after its end", code(END, 0x01)),
        refused("no instruction", MALFORMED, "has no instruction 0xff", code(0xFF)),
        refused("no bulk instruction", MALFORMED, "has no instruction 0xFC 18", code(0xFC, 18)),
        refused("an alignment of 2^40", MALFORMED, "alignment of 2^40", code(0x28, 40, 0)),
        refused(
            "memory.init without a data count",
            MALFORMED,
            "needs a data count section",
            code(0xFC, 8, 0, 0)),
        refused(
            "a data count section without a data section",
            MALFORMED,
            "there is no data section",
            WasmBytes.module().section(12, part().u32(3))),
        refused(
            "a memory whose minimum is above its maximum",
            MALFORMED,
            "minimum is larger",
            WasmBytes.module().section(5, part().u32(1).bytes(1, 2, 1))),
        refused(
            "a memory of more than 4 GiB",
            MALFORMED,
            "at most 65536",
            WasmBytes.module().section(5, part().u32(1).bytes(0).u32(65_537))));
  }

  private static Arguments invalid(String title, String message, WasmBytes module) {
    return refused(title, MALFORMED, message, module);
  }

  private static WasmBytes global(int type, int... expression) {
    return WasmBytes.module()
        .section(
            6,
            part()
                .u32(3)
                .bytes(I32, 1, 0x41, 0, END)
                .bytes(0x7E, 0, 0x42, 0, END)
                .bytes(type, 0)
                .bytes(expression)
                .bytes(END));
  }

  /** A table of functions, a table of external references, and an element segment. */
  private static WasmBytes element(int... segment) {
    return WasmBytes.module()
        .section(1, ONE_TYPE)
        .section(4, part().u32(2).bytes(0x70, 0, 1).bytes(0x6F, 0, 1))
        .section(9, part().u32(1).bytes(segment));
  }

  static Stream<Arguments> notValid() {
    return Stream.of(
        invalid(
            "a global of another type",
            "a constant expression has a type mismatch: i32 needed, i64 found",
            global(I32, 0x42, 1)),
        invalid("a global without a value", "i32 needed, nothing found", global(I32)),
        invalid("two values", "i32 needed, i32 and i32 found", global(I32, 0x41, 1, 0x41, 1)),
        invalid(
            "a sum of two types",
            "i32 and i32 needed, i32 and i64",
            global(I32, 0x41, 1, 0x23, 1, 0x6A)),
        invalid("a sum of one value", "i64 and i64 needed, i64 found", global(0x7E, 0x42, 1, 0x7C)),
        invalid(
            "a global that reads a mutable one",
            "reads global 0, which is mutable",
            global(I32, 0x23, 0)),
        invalid(
            "a global that reads itself",
            "reads global 2, and 2 are defined before it",
            global(I32, 0x23, 2)),
        invalid("ref.func of no function", "names function 0 of 0", global(0x70, 0xD2, 0)),
        invalid(
            "a null reference of another type",
            "externref needed, funcref found",
            global(0x6F, 0xD0, 0x70)),
        invalid("a call in a global", "with instruction 0x10", global(I32, 0x10, 0)),
        invalid(
            "an element segment without a table",
            "names table 0 of 0",
            WasmBytes.module().section(9, part().u32(1).bytes(0, 0x41, 0, END, 0))),
        invalid("a table that does not exist", "table 2 of 2", element(2, 2, 0x41, 0, END, 0, 0)),
        invalid(
            "functions for external references",
            "an element segment of funcref for table 1 of externref",
            element(2, 1, 0x41, 0, END, 0, 0)),
        invalid("an offset of another type", "i32 needed, i64", element(0, 0x42, 0, END, 0)),
        invalid(
            "an element of another type",
            "externref needed, funcref",
            element(5, 0x6F, 1, 0xD0, 0x70, END)),
        invalid("an element that does not exist", "names function 3 of 0", element(1, 0, 1, 3)),
        invalid(
            "data without a memory",
            "a data segment names memory 0 of 0",
            WasmBytes.module().section(11, part().u32(1).bytes(0, 0x41, 0, END, 0))),
        invalid(
            "data for memory 1",
            "a data segment names memory 1 of 1",
            WasmBytes.module()
                .section(5, part().u32(1).bytes(0, 1))
                .section(11, part().u32(1).bytes(2, 1, 0x41, 0, END, 0))),
        invalid(
            "a start function with a parameter",
            "the start function is (i32) -> (), but it must be () -> ()",
            WasmBytes.module()
                .section(1, part().u32(1).bytes(0x60, 1, I32, 0))
                .section(3, part().u32(1).u32(0))
                .section(8, part().u32(0))));
  }

  static Stream<Arguments> unsupported() {
    return Stream.of(
        refused("return_call_ref", UNSUPPORTED_FEATURE, "typed function references", code(0x15, 0)),
        refused(
            "compact imports of one type, as wasm-opt 132 writes them",
            UNSUPPORTED_FEATURE,
            "--disable-compact-imports",
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(
                    2, part().u32(1).name("env").bytes(0, 0x7E, 0, 0).u32(2).name("a").name("b"))),
        refused(
            "compact imports of several types",
            UNSUPPORTED_FEATURE,
            "compact import section",
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(2, part().u32(1).name("env").bytes(0, 0x7F).u32(1).name("a").bytes(0, 0))),
        refused("struct.new", UNSUPPORTED_FEATURE, "garbage collection", code(0xFB, 0, 0)),
        refused(
            "a struct type",
            UNSUPPORTED_FEATURE,
            "garbage collection",
            WasmBytes.module().section(1, part().u32(1).bytes(0x5F, 0, 0))),
        refused(
            "a recursive type",
            UNSUPPORTED_FEATURE,
            "garbage collection",
            WasmBytes.module().section(1, part().u32(1).bytes(0x4E, 0, 0))),
        refused("call_ref", UNSUPPORTED_FEATURE, "typed function references", code(0x14, 0)),
        refused("an atomic", UNSUPPORTED_FEATURE, "threads", code(0xFE, 0, 0, 0)),
        refused(
            "a shared memory",
            UNSUPPORTED_FEATURE,
            "threads",
            WasmBytes.module().section(5, part().u32(1).bytes(3, 1, 1))),
        refused(
            "a 64-bit memory",
            UNSUPPORTED_FEATURE,
            "memory64",
            WasmBytes.module().section(5, part().u32(1).bytes(4, 1))),
        refused(
            "pages of another size",
            UNSUPPORTED_FEATURE,
            "custom page sizes",
            WasmBytes.module().section(5, part().u32(1).bytes(8, 1, 0))),
        refused(
            "two memories",
            UNSUPPORTED_FEATURE,
            "multi-memory",
            WasmBytes.module().section(5, part().u32(2).bytes(0, 1, 0, 1))),
        refused(
            "a load from memory 1", UNSUPPORTED_FEATURE, "multi-memory", code(0x28, 0x42, 1, 0)),
        refused("SIMD", UNSUPPORTED_FEATURE, "function 0 uses SIMD", code(0xFD, 0x0F)),
        refused(
            "a local of type v128",
            UNSUPPORTED_FEATURE,
            "SIMD",
            WasmBytes.function(part().u32(1).u32(1).bytes(0x7B))));
  }

  static Stream<Arguments> tooLarge() {
    int many = 200_000;
    return Stream.of(
        refused(
            "types",
            TOO_LARGE,
            "2001 types, the limit is 2000 (--limit types=NUMBER raises it)",
            WasmBytes.module().section(1, part().u32(2_001).repeat(2_001, 0x60, 0, 0))),
        refused(
            "parameters",
            TOO_LARGE,
            "256 parameters, the limit is 255",
            WasmBytes.module()
                .section(1, part().u32(1).bytes(0x60).u32(256).repeat(256, I32).bytes(0))),
        refused(
            "functions",
            TOO_LARGE,
            "200000 functions",
            WasmBytes.module().section(1, ONE_TYPE).section(3, part().u32(many).repeat(many, 0))),
        refused(
            "imports",
            TOO_LARGE,
            "100000 imports",
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(2, part().u32(100_000).repeat(100_000, 1, 'm', 1, 'n', 0, 0))),
        refused(
            "exports",
            TOO_LARGE,
            "20000 exports",
            WasmBytes.module().section(7, part().u32(20_000).repeat(20_000, 1, 'x', 0, 0))),
        refused(
            "globals",
            TOO_LARGE,
            "20000 globals",
            WasmBytes.module().section(6, part().u32(20_000).repeat(20_000, I32, 0, 0x41, 0, END))),
        refused(
            "tables",
            TOO_LARGE,
            "9 tables, the limit is 8",
            WasmBytes.module().section(4, part().u32(9).repeat(9, 0x70, 0, 1))),
        refused(
            "a table of 10 million",
            TOO_LARGE,
            "a table of 10000000 elements",
            WasmBytes.module().section(4, part().u32(1).bytes(0x70, 0).u32(10_000_000))),
        refused(
            "65,536 pages",
            TOO_LARGE,
            "a memory of 65536 pages",
            WasmBytes.module().section(5, part().u32(1).bytes(0).u32(65_536))),
        refused(
            "data segments",
            TOO_LARGE,
            "200000 data segments",
            WasmBytes.module().section(11, part().u32(200_000).repeat(200_000, 1, 0))),
        refused(
            "elements in all segments together",
            TOO_LARGE,
            "segment elements",
            elements(3, 400_000)),
        refused(
            "a function of 1 MB",
            TOO_LARGE,
            "function 0 has",
            WasmBytes.function(part().u32(0).repeat((1 << 20) + 1, 0x01))),
        refused(
            "locals in thousands of groups",
            TOO_LARGE,
            "locals, the limit is 50000",
            WasmBytes.function(part().u32(6_000).repeat(6_000, 9, I32))),
        refused(
            "locals in one lying group",
            TOO_LARGE,
            "4294967295 locals",
            WasmBytes.function(part().u32(1).u32(0xFFFF_FFFFL).bytes(I32))),
        refused(
            "nesting",
            TOO_LARGE,
            "function 0 nests deeper than the limit, 10000 (--limit nesting=NUMBER raises it)",
            WasmBytes.function(part().u32(0).repeat(10_000, 0x02, 0x40).repeat(10_000, END))),
        refused(
            "branch targets",
            TOO_LARGE,
            "50000 branch targets",
            WasmBytes.function(part().u32(0).bytes(0x0E).u32(50_000).repeat(50_001, 0))),
        refused(
            "bulk operations",
            TOO_LARGE,
            "more bulk operations than the limit",
            WasmBytes.functionWithMemory(
                part().u32(0).repeat(10_001, 0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 11, 0))),
        refused(
            "fills of a constant size, 8 MB each",
            TOO_LARGE,
            "function 0 has bulk operations of 75497472 bytes, the limit is 67108864",
            WasmBytes.functionWithMemory(
                part().u32(0).repeat(9, 0x41, 0, 0x41, 0, 0x41, 0x80, 0x80, 0x80, 4, 0xFC, 11, 0))),
        refused(
            "one copy of 4 GB",
            TOO_LARGE,
            "bulk operations of 4294967295 bytes",
            WasmBytes.functionWithMemory(
                part().bytes(0, 0x41, 0, 0x41, 0, 0x41, 0x7F, 0xFC, 10, 0, 0))),
        refused(
            "a fill of 10 million elements",
            TOO_LARGE,
            "bulk operations of 80000000 bytes",
            WasmBytes.functionWithMemory(
                part()
                    .bytes(0, 0x41, 0, 0xD0, 0x70)
                    .bytes(0x41, 0x80, 0xAD, 0xE2, 4, 0xFC, 17, 0))),
        refused(
            "a constant expression",
            TOO_LARGE,
            "constant expression of more than 64",
            WasmBytes.module()
                .section(6, part().u32(1).bytes(I32, 0).repeat(100, 0x41, 0).bytes(END))),
        refused(
            "a name",
            TOO_LARGE,
            "a name of 2000 bytes",
            WasmBytes.module()
                .section(2, part().u32(1).name("x".repeat(2000)).name("y").bytes(0, 0))));
  }

  private static WasmBytes elements(int segments, int each) {
    var contents = part().u32(segments);
    for (int i = 0; i < segments; i++) {
      contents.bytes(1, 0).u32(each).repeat(each, 0);
    }
    return WasmBytes.module()
        .section(1, ONE_TYPE)
        .section(3, part().u32(1).u32(0))
        .section(9, contents);
  }

  static Stream<Arguments> boundaries() {
    var twice = part().u32(2).name("x").bytes(2, 0).name("x").bytes(2, 0);
    return Stream.of(
        refused("an imported table", FORBIDDEN_IMPORT, "a table, env.x", imported(1, 0x70, 0, 1)),
        refused("an imported memory", FORBIDDEN_IMPORT, "a memory, env.x", imported(2, 0, 1)),
        refused("an imported tag", FORBIDDEN_IMPORT, "a tag, env.x", imported(4, 0, 0)),
        refused("an imported global", FORBIDDEN_IMPORT, "a global, env.x", imported(3, I32, 0)),
        refused(
            "a WASI function that does not exist",
            FORBIDDEN_IMPORT,
            "WASI preview 1 has no function wasi_snapshot_preview1.sock_open () -> ()",
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(2, part().u32(1).name(Wasi.MODULE).name("sock_open").bytes(0, 0))),
        refused(
            "a WASI function of another signature",
            FORBIDDEN_IMPORT,
            "wasi_snapshot_preview1.fd_write () -> ()",
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(2, part().u32(1).name(Wasi.MODULE).name("fd_write").bytes(0, 0))),
        refused(
            "two exports of one name",
            BAD_EXPORT,
            "two exports are called \"x\"",
            WasmBytes.module().section(5, part().u32(1).bytes(0, 1)).section(7, twice)),
        refused(
            "an export of nothing",
            BAD_EXPORT,
            "\"x\" refers to something that does not exist",
            WasmBytes.module().section(7, part().u32(1).name("x").bytes(0, 0))));
  }

  @ParameterizedTest
  @MethodSource({"malformed", "notValid", "unsupported", "tooLarge", "boundaries"})
  void refuses(Reason reason, String message, byte[] module) {
    ModuleRejectedException refusal = refusal(module);

    assertThat(refusal).isNotNull();
    assertThat(refusal.reason()).isEqualTo(reason);
    assertThat(refusal).hasMessageContaining(message);
    assertThat(refusal.byteOffset()).isBetween(0L, (long) module.length);
    // Entries before the problem may be kept: a small multiple of their size.
    Budget.check(Duration.ofSeconds(2), 64_000 + 40L * module.length, () -> refusal(module));
  }

  /** Admission knows a size only if the previous instruction is its constant. */
  @Test
  void only_bulk_operations_of_constant_size_count_bytes() {
    // i32.const 100,000,000 and i32.popcnt give a size of 12.
    var computed =
        part().u32(0).bytes(0x41, 0, 0x41, 0, 0x41, 0x80, 0xC2, 0xD7, 0x2F, 0x69, 0xFC, 11, 0);
    var within = part().u32(0).repeat(8, 0x41, 0, 0x41, 0, 0x41, 0x80, 0x80, 0x80, 4, 0xFC, 11, 0);

    assertThat(Admission.admit(WasmBytes.functionWithMemory(computed).toBytes(), LIMITS))
        .isNotNull();
    assertThat(Admission.admit(WasmBytes.functionWithMemory(within).toBytes(), LIMITS)).isNotNull();
  }

  static Stream<Arguments> offences() {
    WasmBytes types = WasmBytes.module().section(1, ONE_TYPE);
    return Stream.of(
        // The whole header.
        Arguments.of(0, part().bytes(0, 'a', 's', 'm', 2, 0, 0, 0).toBytes()),
        // After the section's size, which is larger than the rest of the module.
        Arguments.of(10, WasmBytes.module().bytes(1, 5, 0).toBytes()),
        // The count of types.
        Arguments.of(10, WasmBytes.module().section(1, part().u32(9).bytes(0x60, 0, 0)).toBytes()),
        // The form of the first type.
        Arguments.of(11, WasmBytes.module().section(1, part().u32(1).bytes(0x5F, 0, 0)).toBytes()),
        // The import's module name.
        Arguments.of(
            17,
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(2, part().u32(1).name("env").name("x").bytes(2, 0, 1))
                .toBytes()),
        // The byte after return_call's opcode.
        Arguments.of(
            types.toBytes().length + 4 + 2 + 1 + 1 + 1 + 1,
            WasmBytes.module()
                .section(1, ONE_TYPE)
                .section(3, part().u32(1).u32(0))
                .section(10, part().u32(1).u32(4).bytes(0, 0x14, 0, END))
                .toBytes()));
  }

  @ParameterizedTest
  @MethodSource("offences")
  void a_refusal_points_at_the_offending_byte(int offset, byte[] module) {
    assertThat(refusal(module).byteOffset()).isEqualTo(offset);
  }

  private static ModuleRejectedException refusal(byte[] module) {
    return catchThrowableOfType(
        ModuleRejectedException.class, () -> Admission.admit(module, LIMITS));
  }

  @Test
  void a_module_that_is_too_long_is_refused_without_reading_it() {
    var refusal =
        catchThrowableOfType(
            ModuleRejectedException.class, () -> Admission.admit(new byte[(32 << 20) + 1], LIMITS));

    assertThat(refusal.reason()).isEqualTo(TOO_LARGE);
    assertThat(refusal)
        .hasMessage(
            "a module of 33554433 bytes, the limit is 33554432"
                + " (--limit moduleBytes=NUMBER raises it)");
  }

  @Test
  void malformed_custom_sections_are_accepted() {
    byte[] module =
        WasmBytes.module()
            .section(0, part().name("name").bytes(1).u32(0x0FFF_FFFF))
            .section(1, ONE_TYPE)
            .section(0, part().name("anything").bytes(1, 2, 3))
            .toBytes();

    ModuleOutline outline = Admission.admit(module, LIMITS);

    assertThat(outline.definition().types()).containsExactly(FunctionType.of());
  }

  @Test
  void only_a_module_for_linking_may_import_tables_memories_and_globals() {
    byte[] module =
        WasmBytes.module()
            .section(
                2,
                part()
                    .u32(3)
                    .name("m")
                    .name("t")
                    .bytes(1, 0x70, 1, 2, 5)
                    .name("m")
                    .name("m")
                    .bytes(2, 0, 3)
                    .name("m")
                    .name("g")
                    .bytes(3, I32, 1))
            .section(6, part().u32(2).bytes(I32, 1, 0x41, 0, END).bytes(I32, 1, 0x41, 0, END))
            .section(7, part().u32(1).name("second").bytes(3, 1))
            .toBytes();

    ModuleDefinition linked = Admission.admitForLinking(module, LIMITS).definition();

    assertThat(refusal(module).reason()).isEqualTo(FORBIDDEN_IMPORT);
    assertThat(linked.tables()).containsExactly(new TableType(ValueType.FUNCREF, 2, 5));
    assertThat(linked.memory()).isEqualTo(new MemoryType(3, 65_536));
    assertThat(linked.globals())
        .extracting(ModuleDefinition.Global::isShared)
        .containsExactly(true, true, false);
  }

  @Test
  void a_products_module_shares_no_global() {
    byte[] module =
        WasmBytes.module()
            .section(6, part().u32(1).bytes(I32, 1, 0x41, 0, END))
            .section(7, part().u32(1).name("mine").bytes(3, 0))
            .toBytes();

    assertThat(Admission.admit(module, LIMITS).definition().globals())
        .extracting(ModuleDefinition.Global::isShared)
        .containsExactly(false);
  }

  @Test
  void exports_globals_and_elements_declare_references_to_functions() {
    byte[] module =
        WasmBytes.module()
            .section(1, ONE_TYPE)
            .section(3, part().u32(5).repeat(5, 0))
            .section(6, part().u32(1).bytes(0x70, 0, 0xD2, 3, END))
            .section(7, part().u32(1).name("one").bytes(0, 1))
            .section(8, part().u32(0))
            .section(9, part().u32(1).bytes(3, 0, 1, 2))
            .section(10, part().u32(5).repeat(5, 2, 0, END))
            .toBytes();

    assertThat(Admission.admit(module, LIMITS).definition().declared().stream())
        .containsExactly(1, 2, 3);
  }

  @Test
  void a_compacted_definition_holds_only_bodies_and_the_contents_of_data_segments() {
    byte[] module =
        WasmBytes.module()
            .section(0, part().name("custom").bytes(1, 2, 3))
            .section(1, ONE_TYPE)
            .section(3, part().u32(2).bytes(0, 0))
            .section(5, part().u32(1).bytes(0, 1))
            .section(10, part().u32(2).bytes(2, 0, END, 3, 0, 1, END))
            .section(11, part().u32(2).bytes(1, 2, 7, 8).bytes(0, 0x41, 0, END, 3, 4, 5, 6))
            .toBytes();

    ModuleDefinition kept = Admission.admit(module, LIMITS).definition().compacted();

    assertThat(kept.bytes()).containsExactly(0, END, 0, 1, END, 7, 8, 4, 5, 6);
    assertThat(kept.bodies()).containsExactly(new Range(0, 2), new Range(2, 5));
    assertThat(kept.data())
        .extracting(ModuleDefinition.DataSegment::content)
        .containsExactly(new Range(5, 7), new Range(7, 10));
  }

  @Test
  void the_outline_has_the_modules_imports_and_exports() {
    ModuleOutline outline = Admission.admit(Guests.wasm("engine-basics"), LIMITS);

    assertThat(outline.imports())
        .extracting(FunctionImport::toString)
        .containsExactly("env.host (i32) -> i32", "env.panic (i32, i32) -> ()");
    assertThat(outline.exports().get("add"))
        .isEqualTo(
            new ModuleOutline.Export(
                new FunctionExport(
                    "add",
                    FunctionType.of(ValueType.I32, ValueType.I32).returning(ValueType.I32),
                    false),
                2));
    assertThat(outline.memoryExports()).containsExactly("memory");
    assertThat(outline.memoryPages()).isEqualTo(1);
  }

  @Test
  void a_module_of_20_megabytes_is_read_in_linear_time() {
    byte[] part = constants(200);
    byte[] whole = constants(2_000);
    assertThat(whole.length).isGreaterThan(20_000_000);

    // Its classes are larger than the usual limit allows.
    EngineLimits limits = LIMITS.with("classMb", 200);

    // Ten times as much, on a machine that may slow down meanwhile.
    Budget.check(
        Budget.time(() -> Admission.admit(part, limits)).multipliedBy(40),
        Long.MAX_VALUE,
        () -> Admission.admit(whole, limits));
  }

  /** A module of so many functions of 10 KB, each of constants, additions and drops. */
  private static byte[] constants(int functions) {
    var code = part().u32(0);
    code.repeat(1_250, 0x41, 0x2A, 0x41, 0x2B, 0x6A, 0x1A, 0x01, 0x01);
    return WasmBytes.functions(functions, code).toBytes();
  }
}
