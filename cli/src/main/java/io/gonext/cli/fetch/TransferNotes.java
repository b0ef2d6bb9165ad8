package io.gonext.cli.fetch;

import io.gonext.cli.output.Sizes;
import io.gonext.host.registry.TransferListener;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Says how far a long transfer has come: one line for each quarter. Thread-safe. */
public final class TransferNotes implements TransferListener {
  private static final long LONG_BYTES = 1024 * 1024;

  private final Consumer<String> note;

  /** The quarters that were said, by what is transferred. Guarded by this. */
  private final Map<String, Long> said = new HashMap<>();

  /**
   * @param note takes each line
   */
  public TransferNotes(Consumer<String> note) {
    this.note = note;
  }

  @Override
  public synchronized void moved(String what, long bytes, long total) {
    if (total < LONG_BYTES) {
      return;
    }
    long quarter = bytes * 4 / total;
    if (quarter > said.getOrDefault(what, 0L)) {
      said.put(what, quarter);
      note.accept("%s: %s of %s".formatted(what, Sizes.text(bytes), Sizes.text(total)));
    }
  }
}
