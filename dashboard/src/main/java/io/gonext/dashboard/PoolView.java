package io.gonext.dashboard;

import io.gonext.pool.InstanceInfo;
import io.gonext.pool.PoolSnapshot;
import io.gonext.pool.PoolStats;
import io.gonext.pool.RecycleReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A pool as a picture: a cell for each instance and for each place without one, and a dot for each
 * caller that waits.
 *
 * @param moreCells places that are not shown
 * @param dots callers that wait, at most {@value #MAX_DOTS}
 */
record PoolView(
    String title,
    String summary,
    List<Cell> cells,
    int moreCells,
    int dots,
    String waiting,
    List<Fact> facts) {
  private static final int MAX_CELLS = 96;
  private static final int MAX_DOTS = 50;

  /**
   * One place.
   *
   * @param kind the class of the cell
   * @param note how long, or how often
   */
  record Cell(String key, String kind, String label, String note) {}

  /** A number and what it counts. */
  record Fact(String label, String value) {}

  /**
   * @param limit how long a call may compute; a longer lease is late
   */
  static PoolView of(String title, PoolSnapshot snapshot, Duration limit) {
    PoolStats stats = snapshot.stats();
    List<Cell> cells = new ArrayList<>();
    for (InstanceInfo instance : snapshot.instances()) {
      cells.add(cell(instance, limit));
    }
    int free = Math.max(0, stats.maxInstances() - stats.live() - stats.creating());
    for (int i = 0; i < free && cells.size() < MAX_CELLS; i++) {
      cells.add(new Cell("free-" + i, "free", "free", "made when needed"));
    }
    int all = snapshot.instances().size() + free;
    return new PoolView(
        title,
        stats.inUse() + " of " + stats.maxInstances() + " instances in use",
        cells.subList(0, Math.min(MAX_CELLS, cells.size())),
        Math.max(0, all - MAX_CELLS),
        Math.min(MAX_DOTS, stats.waiting()),
        stats.waiting() == 0
            ? "Nobody waits for an instance."
            : Shown.count(stats.waiting(), "caller")
                + (stats.waiting() == 1 ? " waits" : " wait")
                + " for an instance, the first for "
                + Shown.time(stats.longestWait())
                + ".",
        facts(stats));
  }

  private static Cell cell(InstanceInfo instance, Duration limit) {
    boolean late =
        instance.state() == InstanceInfo.State.LEASED && instance.inState().compareTo(limit) > 0;
    String label = instance.state().name().toLowerCase(Locale.ROOT);
    String since = Shown.time(instance.inState());
    String note =
        switch (instance.state()) {
          case IDLE -> Shown.count(instance.uses(), "use");
          case LEASED, CREATING, RETIRING -> "for " + since;
        };
    String leaving =
        instance.leaving() == null || instance.state() == InstanceInfo.State.RETIRING
            ? ""
            : ", leaves";
    return new Cell(
        "place-" + instance.place(), late ? "late" : label, late ? "late" : label, note + leaving);
  }

  private static List<Fact> facts(PoolStats stats) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("Checkouts", Shown.count(stats.checkouts())));
    facts.add(new Fact("Checkouts without an instance", Shown.count(stats.checkoutErrors())));
    facts.add(new Fact("Instances made", Shown.count(stats.created())));
    if (stats.creationFailures() > 0) {
      facts.add(new Fact("Starts that failed", Shown.count(stats.creationFailures())));
    }
    facts.add(new Fact("Memory", Shown.bytes(stats.bytes())));
    for (RecycleReason reason : RecycleReason.values()) {
      long number = stats.recycled(reason);
      if (number > 0) {
        facts.add(new Fact("Recycled: " + words(reason), Shown.count(number)));
      }
    }
    return facts;
  }

  private static String words(RecycleReason reason) {
    return switch (reason) {
      case UNUSABLE -> "trapped or cut off";
      case MAX_USES -> "used up";
      case MAX_AGE -> "too old";
      case IDLE -> "not needed";
      case MEMORY -> "too large";
      case ERROR -> "not reset";
      case LEAK -> "lost";
      case CLOSE -> "closed";
    };
  }
}
