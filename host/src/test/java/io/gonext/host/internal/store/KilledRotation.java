package io.gonext.host.internal.store;

import io.gonext.host.Database;
import io.gonext.host.MasterKey;
import io.gonext.host.internal.service.secrets.MasterKeys;
import io.gonext.host.internal.service.secrets.Vault;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process that rotates the master key of a store again and again until it is killed, as {@code
 * gonext secret rotate-master --stopped} does once. It prints {@code rotated} after each rotation,
 * and {@code here} where it stands still. Arguments: the data directory, before which of its writes
 * and commits to stand still (0: never), and where the keys are not in files, the URL of the
 * database, the key and the next key.
 */
final class KilledRotation {
  private KilledRotation() {}

  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]);
    AtomicInteger left = new AtomicInteger(Integer.parseInt(args[1]));
    boolean given = args.length > 2;
    Database database = given ? Database.postgreSql(args[2]) : Database.embedded();
    MasterKeys keys =
        given
            ? new MasterKeys.Given(MasterKey.parse(args[3]), Optional.of(MasterKey.parse(args[4])))
            : new MasterKeys.InFiles(directory);
    try (PluginStore store =
        PluginStore.open(
            directory,
            database,
            real -> WatchedJdbc.of(real, (method, _) -> before(left, method)))) {
      Vault vault = Vault.open(store.secrets(), keys);
      while (true) {
        vault.rotate();
        System.out.println("rotated");
      }
    }
  }

  private static void before(AtomicInteger left, String method) {
    boolean step = method.equals("executeUpdate") || method.equals("commit");
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
