package io.gonext.pool;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * Model checking of a pool of one place: whatever the interleaving, the results of checkout, return,
 * double return, retirement and drain must be ones that some sequential order explains.
 *
 * <p>One place, because {@code tryCheckout} on more may miss an instance that moves behind its back,
 * which is allowed and not linearizable.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class LinearizabilityLincheckTest {

  private final CheckedPool checked = new CheckedPool(1, 1);

  @Operation
  public String take(@Param(name = "thread") int thread) {
    return checked.take(thread);
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

  @Operation(runOnce = true)
  public void drain() {
    var _ = checked.pool.drain();
  }

  @Test
  void is_linearizable() {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(4)
        .actorsBefore(1)
        .actorsAfter(1)
        .iterations(1)
        .invocationsPerIteration(10)
        .check(LinearizabilityLincheckTest.class);
  }
}
