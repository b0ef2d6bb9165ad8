package io.gonext.pool;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Model checking of a pool with two slots under every operation, including the reaper's: for every
 * interleaving the counts balance in the end, and a drained pool gives out no instance. Results are
 * ignored, because with two slots they need not be linearizable.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class AccountsLincheckTest {

  private final CheckedPool checked = new CheckedPool(1, 2);

  @Operation
  public void take(@Param(name = "thread") int thread) {
    checked.take(thread);
  }

  @Operation
  public void queueUp(@Param(name = "thread") int thread) {
    checked.queueUp(thread);
  }

  @Operation
  public void give(@Param(name = "thread") int thread) {
    checked.give(thread, 2, false);
  }

  @Operation
  public void giveUnusable(@Param(name = "thread") int thread) {
    checked.give(thread, 1, true);
  }

  @Operation
  public void shrink() {
    checked.pool.resize(1, 1);
  }

  @Operation
  public void grow() {
    checked.pool.resize(2, 2);
  }

  @Operation(nonParallelGroup = "reaper")
  public void reap() {
    checked.pool.reap();
  }

  @Operation(runOnce = true)
  public void drain() {
    checked.drain();
  }

  @Operation(runOnce = true)
  public void close() {
    checked.close();
  }

  @Validate
  public void accounts() {
    checked.check();
  }

  @Test
  void the_accounts_always_balance() {
    CheckedPool.loadWhatMessagesNeed();
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(2)
        .actorsAfter(1)
        .iterations(10)
        .invocationsPerIteration(300)
        .check(AccountsLincheckTest.class);
  }
}
