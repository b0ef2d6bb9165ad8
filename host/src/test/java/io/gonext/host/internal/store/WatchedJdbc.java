package io.gonext.host.internal.store;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/** Databases whose every call a test is told before it is made. */
public final class WatchedJdbc {
  private WatchedJdbc() {}

  /** Is told a call of a data source, a connection or a statement; what it throws is the answer. */
  @FunctionalInterface
  public interface Watcher {
    void before(String method, Object... args) throws SQLException;
  }

  static DataSource of(DataSource real, Watcher watcher) {
    return between(DataSource.class, real, watcher);
  }

  private static <T> T between(Class<T> type, T real, Watcher watcher) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> {
              watcher.before(method.getName(), args == null ? new Object[0] : args);
              Object result;
              try {
                result = method.invoke(real, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              return switch (result) {
                case Connection connection when method.getName().equals("getConnection") ->
                    between(Connection.class, connection, watcher);
                case PreparedStatement statement ->
                    between(PreparedStatement.class, statement, watcher);
                case Statement statement when method.getName().equals("createStatement") ->
                    between(Statement.class, statement, watcher);
                case null, default -> result;
              };
            }));
  }
}
