package io.gonext.conformance;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestOutput;
import io.gonext.host.Replay;
import io.gonext.host.ReplayedCall;
import io.gonext.host.UserCompileCache;
import io.gonext.host.recording.Recording;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Replays the recordings of a directory in a process of its own, with what another process has
 * compiled. Prints how many calls were as recorded, with their fuel, and what differs.
 */
final class ReplayedFiles {
  private ReplayedFiles() {}

  /**
   * Replays them.
   *
   * @param args the module, the directory of the recordings, and the one of the compiled modules
   */
  public static void main(String[] args) throws Exception {
    byte[] wasm = Files.readAllBytes(Path.of(args[0]));
    int same = 0;
    long fuel = 0;
    try (Engine engine =
            Engine.withCache(EngineLimits.defaults(), UserCompileCache.open(Path.of(args[2])));
        Stream<Path> files = Files.list(Path.of(args[1]))) {
      Replay replay = Replay.of(engine, wasm);
      for (Path file : files.sorted().toList()) {
        Recording recording = Recording.parse(Files.readAllBytes(file));
        List<ReplayedCall> calls =
            replay.run(recording, Duration.ofSeconds(60), GuestOutput.discard());
        for (ReplayedCall call : calls) {
          if (call.differences().isEmpty() && recording.calls().getFirst().fuel().isPresent()) {
            same++;
            fuel += call.fuel();
          } else {
            System.out.println(file + ": " + call.differences());
          }
        }
      }
    }
    System.out.println("same " + same + " fuel " + fuel);
  }
}
