package io.gonext.pool;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * Model checking of a pool with one slot: for every interleaving, some sequential order must
 * explain the results of checkout, return, double return and retirement.
 *
 * <p>It has one slot, because {@code tryCheckout} on several may miss an instance that moves from
 * one slot to another during its search; that is allowed but not linearizable. It does not drain,
 * because a checkout that overlaps a drain may hold the instance for a moment before it is refused.
 * {@link AccountsLincheckTest} covers the drain.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class LinearizabilityLincheckTest {

  private final CheckedPool checked = new CheckedPool(1, 1);

  @Operation
  public String take(@Param(name = "thread") int thread) {
    return checked.take(thread);
  }

  @Operation
  public String queueUp(@Param(name = "thread") int thread) {
    return checked.queueUp(thread);
  }

  @Operation
  public String give(@Param(name = "thread") int thread) {
    return checked.give(thread, 1, false);
  }

  @Operation
  public String giveTwice(@Param(name = "thread") int thread) {
    return checked.give(thread, 2, false);
  }

  @Operation
  public String giveUnusable(@Param(name = "thread") int thread) {
    return checked.give(thread, 1, true);
  }

  @Test
  void is_linearizable() {
    CheckedPool.loadWhatMessagesNeed();
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1)
        .iterations(10)
        .invocationsPerIteration(300)
        .check(LinearizabilityLincheckTest.class);
  }
}
