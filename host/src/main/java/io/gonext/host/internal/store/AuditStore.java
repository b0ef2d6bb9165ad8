package io.gonext.host.internal.store;

import io.gonext.host.AuditEntry;
import io.gonext.host.AuditFilter;
import io.gonext.host.AuditRow;
import io.gonext.host.StoreException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.RejectedExecutionException;

/**
 * The rows of the audit log. They outlive the plugins they are about.
 *
 * <p>Thread-safe, also between processes on one database.
 */
public final class AuditStore {
  /** The most characters of a row's texts. */
  public static final int MAX_PLUGIN_LENGTH = 41;

  public static final int MAX_VERSION_LENGTH = 64;
  public static final int MAX_EVENT_LENGTH = 128;
  public static final int MAX_ACTOR_LENGTH = 64;

  /** The most characters of a row's detail. */
  public static final int MAX_DETAIL_LENGTH = 8192;

  private static final String SELECT =
      "select id, at, plugin, version, event, actor, detail from audit";

  private final Transactions transactions;

  AuditStore(Transactions transactions) {
    this.transactions = transactions;
  }

  /** Whether another attempt would fail, too: the store is closed, or refused the rows. */
  public static boolean isRefused(StoreException failure) {
    return failure.getCause() instanceof RejectedExecutionException
        || (failure.getCause() instanceof SQLException e && StoreHealth.isOfRows(e));
  }

  /** Whether rows that were added together are there. */
  public boolean has(List<AuditRow> rows) {
    AuditRow row = rows.getFirst();
    return transactions.read(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select 1 from audit where plugin = ? and at = ? and version = ? and event = ? and"
                  + " actor = ? and detail = ?")) {
        select.setString(1, row.plugin());
        select.setObject(2, row.at().truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC));
        select.setString(3, row.version());
        select.setString(4, row.event());
        select.setString(5, row.actor());
        select.setString(6, row.detail());
        try (ResultSet found = select.executeQuery()) {
          return found.next();
        }
      }
    });
  }

  /**
   * Adds rows, all or none.
   *
   * @throws StoreException when the database fails
   */
  public void insert(List<AuditRow> rows) {
    transactions.run(connection -> {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "insert into audit (at, plugin, version, event, actor, detail)"
                  + " values (?, ?, ?, ?, ?, ?)")) {
        for (AuditRow row : rows) {
          insert.setObject(1, row.at().truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC));
          insert.setString(2, row.plugin());
          insert.setString(3, row.version());
          insert.setString(4, row.event());
          insert.setString(5, row.actor());
          insert.setString(6, row.detail());
          insert.addBatch();
        }
        insert.executeBatch();
      }
      return true;
    });
  }

  /** The newest rows of all plugins, newest first. */
  public List<AuditRow> newest(int limit) {
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(SELECT + " order by id desc fetch first ? rows only")) {
        select.setInt(1, limit);
        return rows(select);
      }
    });
  }

  /** The newest rows of one plugin, newest first. */
  public List<AuditRow> newest(String plugin, int limit) {
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              SELECT + " where plugin = ? order by id desc fetch first ? rows only")) {
        select.setString(1, plugin);
        select.setInt(2, limit);
        return rows(select);
      }
    });
  }

  /** The newest rows with smaller ids that a filter takes, newest first. */
  public List<AuditEntry> find(AuditFilter filter, long before, int limit) {
    List<String> conditions = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    add("id < ?", before, conditions, values);
    if (!filter.plugin().isEmpty()) {
      add("plugin = ?", filter.plugin(), conditions, values);
    }
    if (!filter.event().isEmpty()) {
      add("lower(event) like ? escape '!'", contains(filter.event()), conditions, values);
    }
    if (!filter.actor().isEmpty()) {
      add("actor = ?", filter.actor(), conditions, values);
    }
    if (filter.from() != null) {
      add("at >= ?", filter.from().atOffset(ZoneOffset.UTC), conditions, values);
    }
    if (filter.before() != null) {
      add("at < ?", filter.before().atOffset(ZoneOffset.UTC), conditions, values);
    }
    String sql =
        SELECT
            + " where "
            + String.join(" and ", conditions)
            + " order by id desc fetch first ? rows only";
    return transactions.run(connection -> {
      try (PreparedStatement select = connection.prepareStatement(sql)) {
        int parameter = 1;
        for (Object value : values) {
          select.setObject(parameter++, value);
        }
        select.setInt(parameter, limit);
        List<AuditEntry> entries = new ArrayList<>();
        try (ResultSet found = select.executeQuery()) {
          while (found.next()) {
            entries.add(new AuditEntry(found.getLong("id"), row(found)));
          }
        }
        return entries;
      }
    });
  }

  private static void add(
      String condition, Object value, List<String> conditions, List<Object> values) {
    conditions.add(condition);
    values.add(value);
  }

  /** A pattern for texts that have this one in them. */
  private static String contains(String text) {
    return "%" + text.toLowerCase(Locale.ROOT).replaceAll("([!%_])", "!$1") + "%";
  }

  /**
   * Deletes all but the newest rows of one plugin.
   *
   * @return how many were deleted
   */
  public int prune(String plugin, int keep) {
    return transactions.run(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement(
              "delete from audit where plugin = ? and id <= (select id from audit where plugin"
                  + " = ? order by id desc offset ? rows fetch first 1 rows only)")) {
        delete.setString(1, plugin);
        delete.setString(2, plugin);
        delete.setInt(3, keep);
        return delete.executeUpdate();
      }
    });
  }

  private static List<AuditRow> rows(PreparedStatement select) throws SQLException {
    List<AuditRow> rows = new ArrayList<>();
    try (ResultSet found = select.executeQuery()) {
      while (found.next()) {
        rows.add(row(found));
      }
    }
    return rows;
  }

  private static AuditRow row(ResultSet found) throws SQLException {
    return new AuditRow(
        found.getObject("at", OffsetDateTime.class).toInstant(),
        found.getString("plugin"),
        found.getString("version"),
        found.getString("event"),
        found.getString("actor"),
        found.getString("detail"));
  }
}
