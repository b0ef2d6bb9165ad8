package io.gonext.host.internal.store;

import io.gonext.host.Database;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A process that makes the changes of {@link Scenario} in a store and stands still before its nth
 * write, commit or flush, says {@code here}, and waits to be killed. Before a flush it says {@code
 * settling}. Arguments: the data directory, n, and the URL of a database where it is not embedded.
 */
final class HaltingStore {
  private final int haltAt;
  private int steps;
  private boolean written;

  private HaltingStore(int haltAt) {
    this.haltAt = haltAt;
  }

  public static void main(String[] args) {
    HaltingStore halting = new HaltingStore(Integer.parseInt(args[1]));
    try (PluginStore store =
        PluginStore.open(
            Path.of(args[0]),
            args.length > 2 ? Database.postgreSql(args[2]) : Database.embedded(),
            real -> WatchedJdbc.of(real, halting::before))) {
      for (Consumer<PluginStore> change : new Scenario(Scenario.LARGE).changes()) {
        change.accept(store);
        System.out.println("committed");
      }
      halting.step();
    }
    System.out.println("done");
  }

  private void before(String method, Object... args) {
    if (method.equals("executeUpdate") || method.equals("executeBatch")) {
      written = true;
      step();
    } else if (method.equals("commit") && written) {
      written = false;
      step();
    } else if (args.length > 0 && "checkpoint sync".equals(args[0])) {
      System.out.println("settling");
      step();
    }
  }

  private void step() {
    steps++;
    if (steps == haltAt) {
      System.out.println("here");
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
