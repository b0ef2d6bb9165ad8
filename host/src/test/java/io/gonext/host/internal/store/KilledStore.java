package io.gonext.host.internal.store;

import io.gonext.host.Database;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process that goes on with a store's {@link Life} where the process before it was killed. It
 * says what it finds ({@code found ...}), is told by a line how many steps that is and before which
 * of its writes, commits and flushes to stand still (0: none), and says each step that it has made
 * ({@code made 7}). Arguments: the data directory, and the URL of a database where it is not
 * embedded.
 */
final class KilledStore {
  private KilledStore() {}

  public static void main(String[] args) throws IOException {
    AtomicInteger left = new AtomicInteger();
    Database database = args.length > 1 ? Database.postgreSql(args[1]) : Database.embedded();
    Life life = new Life();
    try (PluginStore store =
            PluginStore.open(
                Path.of(args[0]),
                database,
                real -> WatchedJdbc.of(real, (method, values) -> before(left, method, values)));
        BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      life.begin(store);
      System.out.println("found " + Life.State.of(store));
      String[] orders = input.readLine().split(" ", 2);
      left.set(Integer.parseInt(orders[1]));
      for (int step = Integer.parseInt(orders[0]); ; step++) {
        life.make(store, step);
        System.out.println("made " + step);
      }
    }
  }

  private static void before(AtomicInteger left, String method, Object... values) {
    boolean step =
        method.equals("executeUpdate")
            || method.equals("commit")
            || (values.length > 0 && "checkpoint sync".equals(values[0]));
    if (step && left.decrementAndGet() == 0) {
      System.out.println("here");
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
