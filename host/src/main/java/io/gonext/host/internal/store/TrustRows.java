package io.gonext.host.internal.store;

import io.gonext.host.Provenance;
import io.gonext.host.StoredVersion;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Version;
import io.gonext.host.trust.Verdict.Signer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the store keeps of trust: the signatures of a version, what was verified, and the highest
 * version of each publisher. Each method is part of a transaction of {@link PluginStore}.
 */
final class TrustRows {
  private TrustRows() {}

  static String json(Provenance provenance) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("origin", provenance.origin()).put("code", provenance.code());
    json.put("policy", provenance.policy());
    if (provenance.checkedAt() != null) {
      json.put("at", provenance.checkedAt().toString());
    }
    var signers = json.putArray("signers");
    provenance
        .signers()
        .forEach(
            each -> signers.addObject().put("publisher", each.publisher()).put("key", each.key()));
    return new String(StrictJson.write(json), StandardCharsets.UTF_8);
  }

  /** What a row says; what this host cannot read was not verified. */
  static Provenance provenance(String json) {
    if (json.isEmpty()) {
      return Provenance.UNKNOWN;
    }
    try {
      JsonNode read = StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
      List<Signer> signers = new ArrayList<>();
      for (JsonNode each : read.path("signers")) {
        signers.add(new Signer(each.path("publisher").asString(""), each.path("key").asString("")));
      }
      return new Provenance(
          read.path("origin").asString(""),
          read.path("code").asString("unsigned"),
          signers,
          at(read.path("at").asString("")),
          read.path("policy").asString(""));
    } catch (InvalidJsonException e) {
      return Provenance.UNKNOWN;
    }
  }

  private static @Nullable Instant at(String text) {
    try {
      return text.isEmpty() ? null : Instant.parse(text);
    } catch (DateTimeException e) {
      return null;
    }
  }

  static void insertSignatures(
      Connection connection, String name, String sha256, List<byte[]> signatures)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into plugin_signature (name, sha256, position, content)"
                + " values (?, ?, ?, ?)")) {
      for (int i = 0; i < signatures.size(); i++) {
        insert.setString(1, name);
        insert.setString(2, sha256);
        insert.setInt(3, i);
        insert.setBytes(4, signatures.get(i));
        insert.executeUpdate();
      }
    }
  }

  static List<byte[]> signatures(Connection connection, String name, String sha256)
      throws SQLException {
    List<byte[]> signatures = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "select content from plugin_signature where name = ? and sha256 = ?"
                + " order by position")) {
      select.setString(1, name);
      select.setString(2, sha256);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          signatures.add(rows.getBytes(1));
        }
      }
    }
    return signatures;
  }

  /** Replaces the signatures of a version, and what was verified. */
  static void sign(
      Connection connection, String name, StoredVersion signed, List<byte[]> signatures)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update plugin_version set provenance = ? where name = ? and sha256 = ?")) {
      update.setString(1, json(signed.provenance()));
      update.setString(2, name);
      update.setString(3, signed.sha256());
      update.executeUpdate();
    }
    try (PreparedStatement delete =
        connection.prepareStatement("delete from plugin_signature where name = ? and sha256 = ?")) {
      delete.setString(1, name);
      delete.setString(2, signed.sha256());
      delete.executeUpdate();
    }
    insertSignatures(connection, name, signed.sha256(), signatures);
  }

  /** The highest version of a plugin that was ever current, by publisher. */
  static Map<String, Version> highest(Connection connection, String plugin) throws SQLException {
    Map<String, Version> highest = new TreeMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "select publisher, version from plugin_highest where plugin = ?")) {
      select.setString(1, plugin);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          highest.put(rows.getString(1), Version.parse(rows.getString(2)));
        }
      }
    }
    return highest;
  }

  /** Notes that a version is current. No mark is ever lowered. */
  static void raiseHighest(Connection connection, String plugin, StoredVersion current)
      throws SQLException {
    List<String> publishers = current.provenance().publishers();
    if (publishers.isEmpty()) {
      return;
    }
    Version version = Version.parse(current.version());
    Map<String, Version> highest = highest(connection, plugin);
    for (String publisher : publishers) {
      Version before = highest.get(publisher);
      if (before == null) {
        write(
            connection,
            "insert into plugin_highest (version, plugin, publisher) values (?, ?, ?)",
            plugin,
            publisher,
            version);
      } else if (before.precedence(version) < 0) {
        write(
            connection,
            "update plugin_highest set version = ? where plugin = ? and publisher = ?",
            plugin,
            publisher,
            version);
      }
    }
  }

  private static void write(
      Connection connection, String sql, String plugin, String publisher, Version version)
      throws SQLException {
    try (PreparedStatement write = connection.prepareStatement(sql)) {
      write.setString(1, version.toString());
      write.setString(2, plugin);
      write.setString(3, publisher);
      write.executeUpdate();
    }
  }
}
