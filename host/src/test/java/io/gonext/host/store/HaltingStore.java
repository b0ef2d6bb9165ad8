package io.gonext.host.store;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import javax.sql.DataSource;

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
            real -> halting.between(DataSource.class, real))) {
      for (Consumer<PluginStore> change : Scenario.CHANGES) {
        change.accept(store);
        System.out.println("committed");
      }
      halting.step();
    }
    System.out.println("done");
  }

  private <T> T between(Class<T> type, T real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> {
              if (method.getName().equals("executeUpdate")) {
                written = true;
                step();
              } else if (method.getName().equals("commit") && written) {
                written = false;
                step();
              } else if (args != null && "checkpoint sync".equals(args[0])) {
                System.out.println("settling");
                step();
              }
              Object result;
              try {
                result = method.invoke(real, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              return switch (result) {
                case PreparedStatement statement -> between(PreparedStatement.class, statement);
                case Statement statement when method.getName().equals("createStatement") ->
                    between(Statement.class, statement);
                case Connection connection -> between(Connection.class, connection);
                case null -> null;
                default -> result;
              };
            }));
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
