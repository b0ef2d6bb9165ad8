package io.gonext.host.internal.store;

import io.gonext.host.Database;
import java.nio.file.Path;

/**
 * A process that makes the first steps of a store's {@link Life}, with whatever H2 is on its class
 * path. Arguments: the data directory, how many steps, and {@code close} or {@code halt}, as which
 * it ends.
 */
final class EarlierStore {
  private EarlierStore() {}

  public static void main(String[] args) {
    Life life = new Life();
    try (PluginStore store = PluginStore.open(Path.of(args[0]), Database.embedded())) {
      life.begin(store);
      for (int step = 0; step < Integer.parseInt(args[1]); step++) {
        life.make(store, step);
      }
      System.out.println("by H2 " + org.h2.engine.Constants.VERSION);
      if (args[2].equals("halt")) {
        Runtime.getRuntime().halt(0);
      }
    }
  }
}
