package io.gonext.host.internal.store;

import io.gonext.host.HostNode;
import io.gonext.host.StoreException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the hosts on a shared database say of themselves. A row that was not renewed for an hour is
 * deleted.
 *
 * <p>Thread-safe, also between processes on one database.
 */
public final class NodeStore {
  private static final String KEPT = "(seen_at > current_timestamp - interval '1' hour)";
  private static final int MAX_NAME = 255;
  private static final int MAX_VERSION = 64;

  private final Transactions transactions;

  NodeStore(Transactions transactions) {
    this.transactions = transactions;
  }

  /**
   * What a host says of itself; see {@link HostNode}.
   *
   * @param faults by plugin
   */
  public record Report(
      String id,
      String name,
      String version,
      Duration lag,
      int compiling,
      SortedMap<String, String> faults) {}

  /**
   * Replaces what a host said of itself.
   *
   * @throws StoreException when the database fails
   */
  public void write(Report report) {
    transactions.run(connection -> {
      try (PreparedStatement update =
          connection.prepareStatement(
              "update host_node set seen_at = current_timestamp, lag_ms = ?, compiling = ?,"
                  + " faults = ? where id = ?")) {
        fill(update, report);
        update.setString(4, report.id);
        if (update.executeUpdate() == 1) {
          return true;
        }
      }
      try (PreparedStatement delete =
          connection.prepareStatement("delete from host_node where not " + KEPT)) {
        delete.executeUpdate();
      }
      try (PreparedStatement insert =
          connection.prepareStatement(
              "insert into host_node (lag_ms, compiling, faults, id, name, version, started_at,"
                  + " seen_at) values (?, ?, ?, ?, ?, ?, current_timestamp, current_timestamp)")) {
        fill(insert, report);
        insert.setString(4, report.id);
        insert.setString(5, cut(report.name, MAX_NAME));
        insert.setString(6, cut(report.version, MAX_VERSION));
        insert.executeUpdate();
      }
      return true;
    });
  }

  private static void fill(PreparedStatement statement, Report report) throws SQLException {
    statement.setLong(1, report.lag.toMillis());
    statement.setInt(2, report.compiling);
    statement.setBytes(3, StrictJson.write(StrictJson.valueOf(report.faults)));
  }

  private static String cut(String text, int length) {
    return text.length() > length ? text.substring(0, length) : text;
  }

  /**
   * All hosts, by name and id.
   *
   * @param own the id of the host that asks
   * @throws StoreException when the database fails
   */
  public List<HostNode> list(String own) {
    return transactions.read(connection -> {
      List<HostNode> nodes = new ArrayList<>();
      try (PreparedStatement select =
              connection.prepareStatement(
                  "select id, name, version, started_at, seen_at, lag_ms, compiling, faults,"
                      + " current_timestamp from host_node where "
                      + KEPT
                      + " order by name, id");
          ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          Duration silent = Duration.between(JobStore.instant(rows, 5), JobStore.instant(rows, 9));
          nodes.add(
              new HostNode(
                  rows.getString(1),
                  rows.getString(2),
                  rows.getString(3),
                  JobStore.instant(rows, 4),
                  silent.isNegative() ? Duration.ZERO : silent,
                  Duration.ofMillis(rows.getLong(6)),
                  rows.getInt(7),
                  faults(rows.getBytes(8)),
                  rows.getString(1).equals(own)));
        }
      }
      return nodes;
    });
  }

  private static SortedMap<String, String> faults(byte[] json) {
    SortedMap<String, String> faults = new TreeMap<>();
    try {
      StrictJson.parse(json)
          .forEachEntry((plugin, cause) -> faults.put(plugin, cause.asString("")));
    } catch (InvalidJsonException e) {
      faults.put("", "what this host said cannot be read");
    }
    return faults;
  }

  /**
   * Deletes what a host said of itself.
   *
   * @throws StoreException when the database fails
   */
  public void delete(String id) {
    transactions.run(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement("delete from host_node where id = ?")) {
        delete.setString(1, id);
        return delete.executeUpdate();
      }
    });
  }
}
