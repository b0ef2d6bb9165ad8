package io.gonext.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What clients of one store were told, and whether it came true.
 *
 * <p>Thread-safe.
 */
final class SoakLedger {
  private static final int MOST_TOLD = 50;

  private final Map<String, AtomicLong> answers = new ConcurrentHashMap<>();
  private final List<String> faults = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong mixed = new AtomicLong();

  /** Orders that were answered, and those whose answer the kill of a host took away. */
  private final Set<String> placed = ConcurrentHashMap.newKeySet();

  private final Set<String> uncertain = ConcurrentHashMap.newKeySet();

  /** Numbers that the counter answered with. */
  private final Set<Long> counted = ConcurrentHashMap.newKeySet();

  private final AtomicLong uncertainCounts = new AtomicLong();

  /** A request that ended as it should, or whose host was killed meanwhile. */
  void answered(String kind) {
    answers.computeIfAbsent(kind, k -> new AtomicLong()).incrementAndGet();
  }

  /** A request without its answer, although nothing had happened to the host. */
  void lost(String what) {
    lost.incrementAndGet();
    tell("lost: " + what);
  }

  /** An answer that belongs to another request, or to no version that was ever there. */
  void mixed(String what) {
    mixed.incrementAndGet();
    tell("mixed: " + what);
  }

  void placed(String id) {
    placed.add(id);
  }

  void perhapsPlaced(String id) {
    uncertain.add(id);
  }

  void counted(long number) {
    if (!counted.add(number)) {
      mixed("the counter answered " + number + " twice");
    }
  }

  void perhapsCounted() {
    uncertainCounts.incrementAndGet();
  }

  /** Compares what was told with what is there at the end. */
  void settle(long count, Set<String> rows, Set<String> shipped) {
    for (String id : placed) {
      if (!rows.contains(id)) {
        lost("the order " + id + ", which was acknowledged");
      }
    }
    Set<String> unknown = new HashSet<>(rows);
    unknown.removeAll(placed);
    unknown.removeAll(uncertain);
    unknown.forEach(id -> mixed("the order " + id + ", which nobody placed"));
    for (String id : rows) {
      if (!shipped.contains(id)) {
        lost("the job of the order " + id);
      }
    }
    if (count < counted.size() || count > counted.size() + uncertainCounts.get()) {
      lost(
          "the counter is at %d, and %d to %d were counted"
              .formatted(count, counted.size(), counted.size() + uncertainCounts.get()));
    }
  }

  long lost() {
    return lost.get();
  }

  long mixed() {
    return mixed.get();
  }

  long requests() {
    return answers.values().stream().mapToLong(AtomicLong::get).sum() + lost.get() + mixed.get();
  }

  /** The number of answers by kind. */
  Map<String, AtomicLong> answers() {
    return new TreeMap<>(answers);
  }

  /** The first of the faults, in words. */
  List<String> faults() {
    synchronized (faults) {
      return List.copyOf(faults);
    }
  }

  private void tell(String fault) {
    synchronized (faults) {
      if (faults.size() < MOST_TOLD) {
        faults.add(fault);
      }
    }
  }
}
