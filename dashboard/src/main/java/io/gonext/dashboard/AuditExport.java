package io.gonext.dashboard;

import io.gonext.host.AuditEntry;
import io.gonext.host.AuditFilter;
import io.gonext.host.AuditRow;
import io.gonext.host.AuditTrail;
import io.gonext.host.StoreException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/**
 * Writes the rows of the audit log that a filter takes, newest first, as they come from the store:
 * a few at a time are in memory.
 */
enum AuditExport {
  /** Comma-separated values by RFC 4180, whose cells no spreadsheet takes for formulas. */
  CSV("text/csv; charset=utf-8", "csv") {
    @Override
    String head() {
      return "at,plugin,version,event,actor,detail\r\n";
    }

    @Override
    String line(AuditRow row) {
      return String.join(
              ",",
              cell(row.at().toString()),
              cell(row.plugin()),
              cell(row.version()),
              cell(row.event()),
              cell(row.actor()),
              cell(row.detail()))
          + "\r\n";
    }
  },

  /** A JSON object on each line. */
  JSON_LINES("application/jsonl; charset=utf-8", "jsonl") {
    @Override
    String head() {
      return "";
    }

    @Override
    String line(AuditRow row) {
      ObjectNode object =
          JsonNodeFactory.instance
              .objectNode()
              .put("at", row.at().toString())
              .put("plugin", row.plugin())
              .put("version", row.version())
              .put("event", row.event())
              .put("actor", row.actor())
              .putRawValue("detail", new RawValue(row.detail()));
      return new String(StrictJson.write(object), StandardCharsets.UTF_8) + "\n";
    }
  };

  private static final int BATCH = 100;

  /** With these, also in their full width, a cell may begin a formula. */
  private static final String FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

  private final String contentType;
  private final String suffix;

  AuditExport(String contentType, String suffix) {
    this.contentType = contentType;
    this.suffix = suffix;
  }

  /** The end of the path, and of the file's name. */
  String suffix() {
    return suffix;
  }

  abstract String head();

  abstract String line(AuditRow row);

  Answer of(AuditTrail audit, AuditFilter filter) {
    return new Answer.Download(
        contentType, "gonext-audit." + suffix, out -> write(audit, filter, out));
  }

  private void write(AuditTrail audit, AuditFilter filter, OutputStream out) throws IOException {
    List<AuditEntry> batch = audit.find(filter, Long.MAX_VALUE, BATCH);
    out.write(head().getBytes(StandardCharsets.UTF_8));
    try {
      while (!batch.isEmpty()) {
        for (AuditEntry entry : batch) {
          out.write(line(entry.row()).getBytes(StandardCharsets.UTF_8));
        }
        batch = audit.find(filter, batch.getLast().id(), BATCH);
      }
    } catch (StoreException e) {
      // Breaks the connection: otherwise the file would look as if it were whole.
      throw new IOException("the audit log could not be read to its end", e);
    }
  }

  private static String cell(String text) {
    boolean formula = !text.isEmpty() && FORMULA_STARTS.indexOf(text.charAt(0)) >= 0;
    return "\"" + (formula ? "'" : "") + text.replace("\"", "\"\"") + "\"";
  }
}
