package io.gonext.host.recording;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.engine.GuestFrame;
import io.gonext.engine.HostTrace;
import io.gonext.engine.InstanceState;
import io.gonext.engine.SourceLocation;
import io.gonext.engine.TrapState;
import io.gonext.engine.ValueType;
import io.gonext.host.RecordingException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** A file is a recording or is refused in one sentence; what was read is written to the same. */
public class RecordingFuzz {
  private static final byte[] BYTES = {1, 2, 3};

  public static List<byte[]> seeds() {
    HostTrace trace =
        new HostTrace(
            List.of(
                new HostTrace.Called("env.f", new long[] {1, -1}),
                new HostTrace.Read(1, BYTES),
                new HostTrace.CalledBack("gn_alloc", new long[] {3}),
                new HostTrace.Wrote(2, BYTES),
                new HostTrace.Returned(Long.MIN_VALUE),
                new HostTrace.Called("env.g", new long[0]),
                new HostTrace.Ended(HostTrace.Cause.PANIC, "no", 0)),
            false);
    return Stream.of(
            new RecordedResult.Done(),
            new RecordedResult.Status(-3),
            new RecordedResult.Answer(BYTES),
            new RecordedResult.Trap(
                "UNREACHABLE",
                "unreachable",
                List.of(
                    new GuestFrame(3, "f", 1, null),
                    new GuestFrame(4, "g", -1, new SourceLocation("a.c", 7, 2))),
                Optional.of(
                    new TrapState(
                        2,
                        16,
                        List.of(new TrapState.Part(TrapState.Kind.STACK, 0, 1024, 4)),
                        List.of(new TrapState.Global(0, "sp", ValueType.I32, true, -4))))))
        .map(result ->
            new Recording(
                    "p",
                    "1.0.0",
                    "ab",
                    new RecordedOn("0.1.0", "j", "s", "a", List.of("rustc 1.90")),
                    Instant.EPOCH,
                    "OK",
                    16,
                    HostTrace.EMPTY,
                    Optional.of(
                        new InstanceState(
                            2,
                            List.of(new InstanceState.Block(4096, BYTES)),
                            List.of(1L),
                            List.of(0),
                            List.of())),
                    List.of(
                        new RecordedCall(false, "h", BYTES, trace, result, OptionalLong.of(7)),
                        new RecordedCall(
                            true, "j", BYTES, HostTrace.EMPTY, result, OptionalLong.empty())))
                .file())
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] file) {
    try {
      byte[] written = Recording.parse(file).file();
      assertThat(Recording.parse(written).file()).isEqualTo(written);
    } catch (RecordingException e) {
      assertThat(e.getMessage()).startsWith("this is not a recording that can be read: ");
    }
  }
}
