package io.gonext.engine.bytecode;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where control goes between the segments of a {@link Dispatch} when it begins at the first one,
 * and where each segment has to stand in structured code. This is the way from dominators to
 * structured code of Ramsey, "Beyond Relooper" (ICFP 2022), but code after a loop stands behind its
 * end.
 */
final class SegmentGraph {
  private static final int NONE = -1;

  /** After so many edges that did not help, a function stays as it is. */
  private static final int MOST_TRIES = 1_000;

  private final Dispatch dispatch;

  /** Where control goes from each segment; to the next one last, if it simply falls there. */
  private final List<List<Integer>> targets = new ArrayList<>();

  /** Whence control comes to each segment, of those that it can reach. */
  private final List<List<Integer>> sources = new ArrayList<>();

  /** The segments from which control does not simply fall to the next one. */
  private final BitSet cut = new BitSet();

  /** The segments that control can reach, each after those that dominate it. */
  private int[] order = {};

  /** The place of each segment in {@link #order}, or {@link #NONE}. */
  private final int[] rank;

  private final int[] dominator;

  /** A segment that branches back into a loop which is entered elsewhere too, or {@link #NONE}. */
  private int wrong;

  private int tries;

  /** How many edges go forward to each segment. */
  private final int[] forward;

  /** The segments of the loop that begins at a segment, or null. */
  private final @Nullable BitSet[] loops;

  /** The segments with labels that stand right after the others that a segment dominates. */
  private final List<List<Integer>> inside = new ArrayList<>();

  /** The same behind the end of the loop that a segment begins. */
  private final List<List<Integer>> behind = new ArrayList<>();

  private final BitSet isLabelled = new BitSet();

  private SegmentGraph(Dispatch dispatch) {
    int segments = dispatch.segments();
    this.dispatch = dispatch;
    this.rank = new int[segments];
    this.dominator = new int[segments];
    this.forward = new int[segments];
    this.loops = new BitSet[segments];
    for (int i = 0; i < segments; i++) {
      targets.add(targetsOf(i));
      sources.add(new ArrayList<>());
      inside.add(new ArrayList<>());
      behind.add(new ArrayList<>());
    }
  }

  /**
   * The graph, or null when a loop has several entries.
   *
   * @param returning the functions of the module that have a {@code return}
   */
  static @Nullable SegmentGraph of(Dispatch dispatch, BitSet returning) {
    var graph = new SegmentGraph(dispatch);
    graph.order();
    while (graph.wrong != NONE) {
      if (!graph.cut(returning)) {
        return null;
      }
    }
    graph.findLoops();
    graph.place();
    return graph;
  }

  // What Restructure asks for ---------------------------------------------------------------------

  /** Whether control hardly ever falls from a segment to the next one, and no loop knows of it. */
  boolean isCut(int segment) {
    return cut.get(segment);
  }

  /** The segments with labels within the scope of a segment, the last to be reached first. */
  List<Integer> inside(int segment) {
    return inside.get(segment);
  }

  /** The segments with labels behind the loop of a segment, the last to be reached first. */
  List<Integer> behind(int segment) {
    return behind.get(segment);
  }

  boolean isLoop(int segment) {
    return loops[segment] != null;
  }

  /** Whether a branch between two segments goes back to the start of a loop. */
  boolean isBackward(int from, int to) {
    return rank[to] <= rank[from];
  }

  /** Whether a segment stands in the place of this branch, the only one forward to it. */
  boolean isInPlace(int from, int to) {
    return !isLabelled.get(to) && !isBackward(from, to);
  }

  // Edges -----------------------------------------------------------------------------------------

  private List<Integer> targetsOf(int segment) {
    List<Integer> found = new ArrayList<>();
    FunctionCode code = dispatch.code;
    for (int i = dispatch.from[segment]; i < dispatch.to[segment]; i++) {
      for (int target : code.targets(i)) {
        int other = target == FunctionCode.FUNCTION ? NONE : dispatch.segment(i, target);
        if (other != NONE) {
          found.add(other);
          if (target != dispatch.loop) {
            // Only a jump can be replaced by what it goes to.
            isLabelled.set(other);
          }
        }
      }
    }
    if (dispatch.falls(segment) && segment + 1 < dispatch.segments()) {
      found.add(segment + 1);
    }
    return found;
  }

  /**
   * Cuts an edge so that a loop is entered in one place only, or is not a loop. The edge is one
   * after a call: Go's compiler emits calls of functions that do not return, such as panics, as if
   * they did, and what follows them belongs to something else.
   *
   * @return false when no edge helps
   */
  private boolean cut(BitSet returning) {
    int source = wrong;
    List<Integer> candidates =
        comingTo(source, new BitSet()).stream()
            .filter(each -> dispatch.callee(each) != NONE && dispatch.falls(each))
            .filter(each -> !cut.get(each) && each + 1 < dispatch.segments())
            .boxed()
            .sorted(
                Comparator.comparing((Integer each) -> returning.get(dispatch.callee(each)))
                    .thenComparing(each -> !dispatch.isEmpty(each + 1)))
            .toList();
    for (int candidate : candidates) {
      if (tries++ == MOST_TRIES) {
        return false;
      }
      cut(candidate);
      if (wrong != source) {
        return true;
      }
      cut.clear(candidate);
      targets.get(candidate).add(candidate + 1);
    }
    candidates.stream().filter(each -> dispatch.isEmpty(each + 1)).forEach(this::cut);
    return wrong != source;
  }

  private void cut(int segment) {
    cut.set(segment);
    targets.get(segment).removeLast();
    order();
  }

  /**
   * Adds a segment, and those from which control gets to it by way of others that are not in yet.
   */
  private BitSet comingTo(int segment, BitSet known) {
    var left = new ArrayDeque<Integer>();
    left.push(segment);
    while (!left.isEmpty()) {
      int next = left.pop();
      if (!known.get(next)) {
        known.set(next);
        sources.get(next).forEach(left::push);
      }
    }
    return known;
  }

  // Order and dominators --------------------------------------------------------------------------

  /** Orders the segments so that only the branches of loops go backward. */
  private void order() {
    record Visit(int segment, ArrayDeque<Integer> left) {}
    var reversed = new ArrayList<Integer>();
    var seen = new BitSet();
    var path = new ArrayDeque<Visit>();
    int first = dispatch.first();
    seen.set(first);
    path.push(new Visit(first, new ArrayDeque<>(targets.get(first))));
    while (!path.isEmpty()) {
      Visit top = path.peek();
      Integer next = top.left.poll();
      if (next == null) {
        reversed.add(top.segment);
        path.pop();
      } else if (!seen.get(next)) {
        seen.set(next);
        path.push(new Visit(next, new ArrayDeque<>(targets.get(next))));
      }
    }
    order = reversed.reversed().stream().mapToInt(Integer::intValue).toArray();
    Arrays.fill(rank, NONE);
    sources.forEach(List::clear);
    for (int i = 0; i < order.length; i++) {
      int from = order[i];
      rank[from] = i;
      targets.get(from).forEach(to -> sources.get(to).add(from));
    }
    dominators();
    wrong = Arrays.stream(order).filter(this::entersLoop).findFirst().orElse(NONE);
  }

  /** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001). */
  private void dominators() {
    Arrays.fill(dominator, NONE);
    dominator[order[0]] = order[0];
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int i = 1; i < order.length; i++) {
        int common = NONE;
        for (int source : sources.get(order[i])) {
          if (dominator[source] != NONE) {
            common = common == NONE ? source : common(source, common);
          }
        }
        changed |= dominator[order[i]] != common;
        dominator[order[i]] = common;
      }
    }
  }

  private int common(int one, int other) {
    int a = one;
    int b = other;
    while (a != b) {
      if (rank[a] > rank[b]) {
        a = dominator[a];
      } else {
        b = dominator[b];
      }
    }
    return a;
  }

  private boolean entersLoop(int from) {
    return targets.get(from).stream().anyMatch(to -> isBackward(from, to) && !dominates(to, from));
  }

  private boolean dominates(int above, int below) {
    int segment = below;
    while (rank[segment] > rank[above]) {
      segment = dominator[segment];
    }
    return segment == above;
  }

  // Loops and places ------------------------------------------------------------------------------

  private void findLoops() {
    for (int from : order) {
      for (int to : targets.get(from)) {
        if (isBackward(from, to)) {
          collect(to, from);
        } else {
          forward[to]++;
        }
      }
    }
  }

  /** Adds to the loop of {@code start} what leads to a branch back to it. */
  private void collect(int start, int source) {
    BitSet body = loops[start];
    if (body == null) {
      body = new BitSet();
      body.set(start);
      loops[start] = body;
    }
    var _ = comingTo(source, body);
  }

  private void place() {
    int[] starts = Arrays.stream(order).filter(this::isLoop).toArray();
    for (int i = 1; i < order.length; i++) {
      int segment = order[i];
      int above = dominator[segment];
      int left =
          Arrays.stream(starts)
              .filter(each -> leaves(each, above, segment))
              .findFirst()
              .orElse(NONE);
      if (left != NONE) {
        isLabelled.set(segment);
        behind.get(left).add(segment);
        continue;
      }
      if (forward[segment] > 1) {
        isLabelled.set(segment);
      }
      if (isLabelled.get(segment)) {
        inside.get(above).add(segment);
      }
    }
    Comparator<Integer> lastFirst =
        Comparator.comparingInt((Integer each) -> rank[each]).reversed();
    inside.forEach(each -> each.sort(lastFirst));
    behind.forEach(each -> each.sort(lastFirst));
  }

  /** Whether the loop that begins at {@code start} contains one segment and not the other. */
  private boolean leaves(int start, int above, int segment) {
    BitSet body = loops[start];
    return body != null && body.get(above) && !body.get(segment);
  }
}
