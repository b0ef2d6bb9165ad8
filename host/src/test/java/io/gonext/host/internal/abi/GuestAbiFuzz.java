package io.gonext.host.internal.abi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.TrapCause;
import io.gonext.guests.Guests;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A guest whose allocator and whose hook answer whatever the input says: there is a reply, or a
 * violation of the ABI, and outside of the blocks it was given nothing is written.
 */
public class GuestAbiFuzz {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int INPUT_BYTES = 2 * Integer.BYTES + Long.BYTES + Integer.BYTES;

  private final CompiledModule module =
      new Engine(EngineLimits.defaults()).compile(Guests.wasm("abi-answers"));

  public static List<byte[]> seeds() {
    return List.of(
        input(1024, 2048, 4096L << 32 | 5, 10),
        input(1024, 1030, 0, 10),
        input(0, 0, 0, 0),
        input(-1, 8, -1, 3),
        input(65_536, 65_535, 1, 1),
        input(8, 65_530, 0xFFFF_FFFFL << 32 | 0x7FFF_FFFF, 100),
        input(8, 100, 65_535L << 32 | 1, 100),
        input(8, 100, 65_535L << 32 | 2, 100));
  }

  private static byte[] input(int name, int payload, long result, int length) {
    return ByteBuffer.allocate(INPUT_BYTES)
        .putInt(name)
        .putInt(payload)
        .putLong(result)
        .putInt(length)
        .array();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void answer(byte[] bytes) {
    if (bytes.length < INPUT_BYTES) {
      return;
    }
    var input = ByteBuffer.wrap(bytes);
    int name = input.getInt();
    int payload = input.getInt();
    long result = input.getLong();
    byte[] body = new byte[Math.floorMod(input.getInt(), 70_000)];
    java.util.Arrays.fill(body, (byte) 'x');
    GuestInstance instance = module.instantiate(InstanceConfig.defaults());
    var answers = instance.function("answers");
    instance.run(LIMIT, call -> call.call(answers, name, payload, result));
    try {
      HookReply reply = GuestAbi.callHook(instance, new byte[] {'h'}, body, LIMIT);
      if (reply instanceof HookReply.Body(byte[] read)) {
        assertThat(read).hasSize((int) result);
      }
      var written = instance.function("written");
      long count = instance.run(LIMIT, call -> call.call(written));
      assertThat(count).isLessThanOrEqualTo(body.length + 1L);
    } catch (GuestTrap trap) {
      assertThat(trap.trapCause()).isInstanceOf(TrapCause.AbiViolation.class);
    } finally {
      instance.close();
    }
  }
}
