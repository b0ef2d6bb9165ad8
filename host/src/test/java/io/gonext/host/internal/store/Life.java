package io.gonext.host.internal.store;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.store.Scenario.Snapshot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The life of one long-lived store, as steps that are numbered from 0 on: a change of {@link
 * Scenario}, then a count of it in a key-value entry of another plugin, and so on. The bundles of
 * one round of the scenario are small, those of the next are not.
 */
final class Life {
  private static final String COUNTER = "counter";
  private static final String ENTRY = "changes";

  private final List<Scenario> rounds =
      List.of(new Scenario(300), new Scenario(60_000), new Scenario(Scenario.LARGE));

  private final int changes = rounds.getFirst().changes().size();

  /** What a store holds; no two steps leave the same. */
  record State(Snapshot plugin, String counted) {
    static State of(PluginStore store) {
      return new State(
          Snapshot.of(store),
          store
              .keyValues()
              .get(COUNTER, ENTRY)
              .map(number -> new String(number, StandardCharsets.US_ASCII))
              .orElse("0"));
    }
  }

  /** To be done before step 0. */
  void begin(PluginStore store) {
    store.insert(
        COUNTER, new StoredVersion("1.0.0", "12".repeat(32), Instant.EPOCH), new byte[] {1});
  }

  void make(PluginStore store, int step) {
    int change = step / 2;
    if (step % 2 == 0) {
      round(change).changes().get(change % changes).accept(store);
    } else {
      store
          .keyValues()
          .change(
              COUNTER, List.of(new KeyValueChange.Increment(ENTRY, 1)), KeyValueQuota.defaults());
    }
  }

  /** What each number of steps leaves, worked out by a store that nobody kills. */
  final class Expected {
    private final List<List<Snapshot>> states = new ArrayList<>();

    Expected(Path directory) {
      for (int i = 0; i < rounds.size(); i++) {
        states.add(rounds.get(i).states(directory.resolve("round" + i)));
      }
    }

    /** The state after so many steps. */
    State after(int steps) {
      int changed = (steps + 1) / 2;
      int last = Math.max(0, changed - 1);
      List<Snapshot> round = states.get(last / changes % rounds.size());
      return new State(round.get(changed == 0 ? 0 : last % changes + 1), String.valueOf(steps / 2));
    }
  }

  private Scenario round(int change) {
    return rounds.get(change / changes % rounds.size());
  }
}
