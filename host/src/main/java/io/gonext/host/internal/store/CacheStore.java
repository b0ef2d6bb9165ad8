package io.gonext.host.internal.store;

import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheInvalidations;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The cache invalidations of all hosts. Ids count from 1 without gaps, and become visible in their
 * order, because storing one locks {@code cache_last} until its commit.
 *
 * <p>Thread-safe, also between processes on one database. All methods throw {@link
 * io.gonext.host.StoreException} when the database fails.
 */
public final class CacheStore {
  private final Transactions transactions;
  private final SqlDatabase database;

  CacheStore(Transactions transactions, SqlDatabase database) {
    this.transactions = transactions;
    this.database = database;
  }

  /**
   * Stores an invalidation and tells other hosts.
   *
   * @return its id
   */
  public long append(String plugin, List<String> tags, Instant at) {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    tags.forEach(json::add);
    return transactions.runDurably(
        database,
        connection -> {
          try (Statement lock = connection.createStatement()) {
            lock.executeUpdate("update cache_last set id = id + 1");
          }
          long id = last(connection);
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into cache_invalidation (id, plugin, at, tags) values (?, ?, ?, ?)")) {
            insert.setLong(1, id);
            insert.setString(2, plugin);
            insert.setObject(3, at.atOffset(ZoneOffset.UTC));
            insert.setBytes(4, StrictJson.write(json));
            insert.executeUpdate();
          }
          database.announce(connection, plugin);
          return id;
        });
  }

  /** The id of the newest invalidation; 0 if there was never one. */
  public long last() {
    return transactions.run(CacheStore::last);
  }

  /** See {@link CacheInvalidations#after}. */
  public CacheInvalidations.Batch after(long id, int limit) {
    return transactions.run(connection -> {
      // First, so that it is not higher than the rows that can be seen.
      long last = last(connection);
      List<CacheInvalidation> rows = new ArrayList<>();
      try (PreparedStatement select =
          connection.prepareStatement(
              "select id, plugin, at, tags from cache_invalidation where id > ? order by id"
                  + " fetch first ? rows only")) {
        select.setLong(1, id);
        select.setInt(2, limit);
        try (ResultSet found = select.executeQuery()) {
          while (found.next()) {
            rows.add(row(found));
          }
        }
      }
      return batch(id, last, rows);
    });
  }

  private static CacheInvalidations.Batch batch(
      long after, long last, List<CacheInvalidation> rows) {
    if (rows.isEmpty()) {
      // Behind the newest: they were deleted. Beyond it: the store was replaced by an older one.
      return new CacheInvalidations.Batch(after == last, rows, last);
    }
    // Clocks of hosts differ, so rows may also be deleted between others.
    long next = after;
    for (CacheInvalidation row : rows) {
      if (row.id() != next + 1) {
        break;
      }
      next = row.id();
    }
    return next == after
        ? new CacheInvalidations.Batch(false, rows, rows.getLast().id())
        : new CacheInvalidations.Batch(true, rows.subList(0, (int) (next - after)), next);
  }

  /**
   * Deletes invalidations that are no longer kept.
   *
   * @param before the oldest that stay
   * @param newest how many stay at most
   * @return how many were deleted
   */
  public int prune(Instant before, int newest) {
    return transactions.run(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement("delete from cache_invalidation where at < ? or id <= ?")) {
        delete.setObject(1, before.atOffset(ZoneOffset.UTC));
        delete.setLong(2, last(connection) - newest);
        return delete.executeUpdate();
      }
    });
  }

  private static long last(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select id from cache_last");
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private static CacheInvalidation row(ResultSet row) throws SQLException {
    List<String> tags = new ArrayList<>();
    try {
      for (JsonNode tag : StrictJson.parse(row.getBytes(4))) {
        tags.add(tag.stringValue());
      }
    } catch (InvalidJsonException e) {
      throw new SQLException("the tags of invalidation " + row.getLong(1) + " are damaged", e);
    }
    return new CacheInvalidation(
        row.getLong(1), row.getString(2), tags, row.getObject(3, OffsetDateTime.class).toInstant());
  }
}
