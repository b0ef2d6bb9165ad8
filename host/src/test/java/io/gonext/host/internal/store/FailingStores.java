package io.gonext.host.internal.store;

import io.gonext.host.Database;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Stores whose database fails in ways that a real one seldom does. */
public final class FailingStores {
  private FailingStores() {}

  /**
   * An audit store of a database that cannot be connected to for as long as the reference holds an
   * error, and that takes rows and forgets them otherwise.
   */
  public static AuditStore audit(AtomicReference<@Nullable Error> failure) {
    DataSource failing =
        (DataSource)
            Proxy.newProxyInstance(
                DataSource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, args) -> {
                  Error error = failure.get();
                  if (error != null) {
                    throw error;
                  }
                  return answering(Connection.class);
                });
    return new AuditStore(
        new Transactions(failing, Runnable::run, new StoreHealth(InstantSource.system())));
  }

  /** A real store; the watcher may let any call of its database fail. */
  public static PluginStore watched(
      Path directory, Database database, WatchedJdbc.Watcher watcher) {
    return PluginStore.open(directory, database, real -> WatchedJdbc.of(real, watcher));
  }

  /** Something of JDBC that answers 0, false, or something of JDBC. */
  private static Object answering(Class<?> type) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, args) -> {
          Class<?> wanted = method.getReturnType();
          if (wanted == int.class) {
            return 0;
          }
          if (wanted == boolean.class) {
            return false;
          }
          return wanted.isInterface() ? answering(wanted) : null;
        });
  }
}
