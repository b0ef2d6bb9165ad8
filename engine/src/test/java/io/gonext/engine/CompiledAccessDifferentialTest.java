package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.GuestCode.ImportedFunction;
import io.gonext.engine.LinearMemory.RoomyWhen;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import run.endive.runtime.Instance;
import run.endive.runtime.Machine;
import run.endive.runtime.Memory;
import run.endive.wasm.Parser;

/**
 * Inlined loads and stores at the edges of blocks, pages and the number range. Within bounds they
 * give the same results and bytes as Endive's interpreter with its own memory. Outside they trap.
 * (The interpreter does not trap if address and offset of an i64.store8 together exceed 2^32.)
 * Every store is marked, so that a reset undoes it.
 */
class CompiledAccessDifferentialTest {
  private static final int LEASES = 60;
  private static final int OPERATIONS_PER_LEASE = 500;
  private static final int MOST_PAGES = 4;

  private static final int FIRST_LOAD = 0x28;
  private static final int FIRST_STORE = 0x36;
  private static final int LAST_STORE = 0x3E;

  private static final int I32 = 0x7F;
  private static final int I64 = 0x7E;
  private static final int F32 = 0x7D;
  private static final int F64 = 0x7C;
  private static final List<Integer> TYPES = List.of(I32, I64, F32, F64);

  /** The type of each instruction from i32.load to i64.store32. */
  private static final int[] ACCESSED = {
    I32, I64, F32, F64, I32, I32, I32, I32, I64, I64, I64, I64, I64, I64, //
    I32, I64, F32, F64, I32, I32, I64, I64, I64
  };

  /** How many bytes each instruction accesses. */
  private static final int[] BYTES = {
    4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, //
    4, 8, 4, 8, 1, 2, 1, 2, 4
  };

  private static final long[] OFFSETS = {
    0, 1, 4_095, 65_535, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL
  };

  @RegisterExtension final TestEngine engine = new TestEngine();

  /** The module's functions, one for each instruction. The last one grows the memory. */
  private record Access(boolean stores, boolean narrow, long offset, int bytes) {
    boolean isWithin(long address, int size) {
      return address + offset + bytes <= size;
    }
  }

  private final List<Access> accesses = new ArrayList<>();

  private byte[] module() {
    var types = part().u32(2L * TYPES.size());
    for (int type : TYPES) {
      types.bytes(0x60, 1, I32, 1, type).bytes(0x60, 2, I32, type, 0);
    }
    var signatures = part();
    var bodies = part();
    for (int opcode = FIRST_LOAD; opcode <= LAST_STORE; opcode++) {
      boolean isStore = opcode >= FIRST_STORE;
      int type = 2 * TYPES.indexOf(ACCESSED[opcode - FIRST_LOAD]) + (isStore ? 1 : 0);
      for (long offset : OFFSETS) {
        var code = part().bytes(0);
        code.bytes(0x20, 0);
        if (isStore) {
          code.bytes(0x20, 1);
        }
        byte[] body = code.bytes(opcode, 0).u32(offset).bytes(0x0B).toBytes();
        signatures.u32(type);
        bodies.u32(body.length).raw(body);
        accesses.add(
            new Access(
                isStore,
                type < 2 || TYPES.get(type / 2) == F32,
                offset,
                BYTES[opcode - FIRST_LOAD]));
      }
    }
    accesses.add(new Access(false, true, 0, 0));
    signatures.u32(0);
    bodies.u32(6).bytes(0, 0x20, 0, 0x40, 0, 0x0B);
    var exports = part().u32(accesses.size());
    for (int i = 0; i < accesses.size(); i++) {
      exports.name("f" + i).bytes(0).u32(i);
    }
    return WasmBytes.module()
        .section(1, types)
        .section(3, part().u32(accesses.size()).append(signatures))
        .section(5, part().u32(1).bytes(1, 1, MOST_PAGES))
        .section(7, exports)
        .section(10, part().u32(accesses.size()).append(bodies))
        .toBytes();
  }

  @ParameterizedTest
  @EnumSource
  void compiled_loads_and_stores_match_the_interpreter(RoomyWhen roomyWhen) {
    byte[] wasm = module();
    CompiledModule compiled = engine.engine.compile(wasm);
    compiled.setRoomyWhen(roomyWhen);
    GuestCode ours = compiled.newInstance(new ImportedFunction[0], InstanceConfig.defaults());
    Instantiation.run(ours);
    LinearMemory memory = ours.linear();
    MemoryImage image = memory.takeImage(null);
    long seed = new Random().nextLong();
    System.out.println("CompiledAccessDifferentialTest seed " + seed);
    var random = new Random(seed);
    int trapped = 0;

    for (int lease = 0; lease < LEASES; lease++) {
      Instance stock = Instance.builder(Parser.parse(wasm)).build();
      for (int i = 0; i < OPERATIONS_PER_LEASE; i++) {
        int function = random.nextInt(accesses.size());
        long address = address(random, memory.sizeBytes());
        long[] args =
            accesses.get(function).stores
                ? new long[] {address, random.nextLong()}
                : new long[] {address};
        if (function == accesses.size() - 1) {
          args[0] = random.nextInt(3);
        }
        boolean within = accesses.get(function).isWithin(args[0], memory.sizeBytes());
        String expected = within ? outcome(stock.getMachine(), function, args.clone()) : "trap";
        assertThat(outcome(ours::call, function, args))
            .as("function %d of %s", function, Arrays.toString(args))
            .isEqualTo(expected);
        trapped += expected.equals("trap") ? 1 : 0;
      }
      byte[] bytes = stock.memory().readBytes(0, stock.memory().pages() * Memory.PAGE_SIZE);
      assertThat(Arrays.mismatch(memory.contents(), bytes)).isEqualTo(-1);
      memory.restore(image);
      assertThat(memory.pages()).isEqualTo(1);
      assertThat(Arrays.mismatch(memory.contents(), new byte[Memory.PAGE_SIZE])).isEqualTo(-1);
    }

    assertThat(trapped).isBetween(1_000, LEASES * OPERATIONS_PER_LEASE - 1_000);
  }

  private static long address(Random random, int size) {
    int near = random.nextInt(-9, 10);
    long address =
        switch (random.nextInt(8)) {
          case 0 -> near;
          case 1 -> size + near;
          case 2 -> size - 65_535 + near;
          case 3 -> Integer.MAX_VALUE + near;
          case 4 -> random.nextInt(16 * MOST_PAGES) * 4_096 + near;
          default -> random.nextInt(size);
        };
    return address & 0xFFFF_FFFFL;
  }

  /** Only the low half of an i32 or f32 is defined. */
  private String outcome(Machine instance, int function, long[] args) {
    try {
      long[] results = instance.call(function, args);
      if (accesses.get(function).stores) {
        return "stored";
      }
      return Long.toHexString(
          accesses.get(function).narrow ? results[0] & 0xFFFF_FFFFL : results[0]);
    } catch (RuntimeException trap) {
      return "trap";
    }
  }
}
