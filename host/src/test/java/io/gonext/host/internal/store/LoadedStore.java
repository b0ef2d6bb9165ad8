package io.gonext.host.internal.store;

import io.gonext.host.Database;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoredVersion;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A process whose threads write key-values without end. At first it says what it finds, a line
 * {@code found THREAD ENTRY NUMBER} an entry, and {@code ready}; then {@code wrote THREAD ENTRY
 * NUMBER} for each write that was answered. The numbers of a thread rise. Arguments: the data
 * directory, and the URL of a database where it is not embedded.
 */
final class LoadedStore {
  static final int THREADS = 4;
  static final int ENTRIES = 15;
  private static final int VALUE_BYTES = 64 * 1024;

  private LoadedStore() {}

  public static void main(String[] args) throws InterruptedException {
    Database database = args.length > 1 ? Database.postgreSql(args[1]) : Database.embedded();
    try (PluginStore store = PluginStore.open(Path.of(args[0]), database)) {
      Thread[] threads = new Thread[THREADS];
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        long last = found(store, thread);
        threads[i] = new Thread(() -> write(store, thread, last + 1));
      }
      System.out.println("ready");
      for (Thread thread : threads) {
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  /** Returns the highest number. */
  private static long found(PluginStore store, int thread) {
    store.insert(
        plugin(thread), new StoredVersion("1.0.0", "12".repeat(32), Instant.EPOCH), new byte[] {1});
    long last = 0;
    for (int entry = 0; entry < ENTRIES; entry++) {
      byte[] value = store.keyValues().get(plugin(thread), "e" + entry).orElse(null);
      if (value != null) {
        long number = ByteBuffer.wrap(value).getLong();
        last = Math.max(last, number);
        System.out.println("found " + thread + " " + entry + " " + number);
      }
    }
    return last;
  }

  private static void write(PluginStore store, int thread, long first) {
    Random random = ThreadLocalRandom.current();
    byte[] value = new byte[VALUE_BYTES];
    for (long number = first; ; number++) {
      int entry = random.nextInt(ENTRIES);
      random.nextBytes(value);
      ByteBuffer.wrap(value).putLong(number);
      store
          .keyValues()
          .change(
              plugin(thread),
              List.of(new KeyValueChange.Set("e" + entry, value.clone())),
              KeyValueQuota.defaults());
      System.out.println("wrote " + thread + " " + entry + " " + number);
    }
  }

  private static String plugin(int thread) {
    return "writer-" + thread;
  }
}
