package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the plugins that changed in the store, whoever changed them. It compares the store with
 * what it read before. Announcements only say when to look, so a lost announcement delays a change
 * but does not lose it.
 *
 * <p>For one thread; {@link #close} may be called by another.
 */
public final class StoreChanges implements AutoCloseable {
  /** Tells one state of a plugin from any other. */
  private record Mark(long revision, long decisions, long configured, long secrets) {}

  private final Transactions transactions;
  private final Announcements announcements;
  private Map<String, Mark> seen = Map.of();

  StoreChanges(Transactions transactions, Announcements announcements) {
    this.transactions = transactions;
    this.announcements = announcements;
  }

  /**
   * The plugins that were installed, changed, configured, decided on or removed since the last
   * call; the first call names all that are installed.
   *
   * @throws StoreException when the store cannot be read; the next call then returns the same
   *     plugins
   */
  public Set<String> take() {
    Map<String, Mark> now =
        transactions.run(connection -> {
          Map<String, Mark> marks = new HashMap<>();
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "select name, revision, decisions, configured, secrets from plugin");
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              marks.put(
                  rows.getString(1),
                  new Mark(rows.getLong(2), rows.getLong(3), rows.getLong(4), rows.getLong(5)));
            }
          }
          return marks;
        });
    Set<String> changed = new TreeSet<>(now.keySet());
    changed.removeIf(name -> Objects.equals(now.get(name), seen.get(name)));
    for (String name : seen.keySet()) {
      if (!now.containsKey(name)) {
        changed.add(name);
      }
    }
    seen = now;
    return changed;
  }

  /**
   * Waits until there may be changes, or the time is over, or this is closed.
   *
   * @throws StoreException when it cannot listen for announcements at the moment
   */
  public void await(Duration patience) throws InterruptedException {
    try {
      announcements.await(patience);
    } catch (SQLException e) {
      transactions.health().failed(e);
      throw new StoreException("changes by other hosts cannot be heard: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    announcements.close();
  }
}
