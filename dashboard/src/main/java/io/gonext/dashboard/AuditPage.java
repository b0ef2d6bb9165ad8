package io.gonext.dashboard;

import io.gonext.host.AuditEntry;
import io.gonext.host.AuditFilter;
import io.gonext.host.Host;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The audit log: filtered, page by page, and as a file. */
final class AuditPage implements Page {
  private static final String PATH = "/audit";

  /** The most rows on a page, and about how many characters they may take: 100 KB with markup. */
  private static final int MAX_ROWS = 100;

  private static final int MAX_CHARS = 50_000;
  private static final int MARKUP_CHARS = 250;

  private final Host host;

  AuditPage(Host host) {
    this.host = host;
  }

  /**
   * What a visitor wants to see, as in the form.
   *
   * @param from the first day, UTC; empty for none
   * @param to the last day, UTC; empty for none
   */
  record Query(String plugin, String event, String actor, String from, String to) {
    static Query of(Visit visit) {
      return new Query(
          visit.query("plugin").orElse("").strip(),
          visit.query("event").orElse("").strip(),
          visit.query("actor").orElse("").strip(),
          visit.query("from").orElse(""),
          visit.query("to").orElse(""));
    }

    AuditFilter filter() {
      return new AuditFilter(plugin, event, actor, day("from", from, 0), day("to", to, 1));
    }

    private static @Nullable Instant day(String field, String text, int daysLater) {
      if (text.isEmpty()) {
        return null;
      }
      try {
        LocalDate day = LocalDate.parse(text);
        if (day.getYear() >= 1 && day.getYear() <= 9999) {
          return day.plusDays(daysLater).atStartOfDay(ZoneOffset.UTC).toInstant();
        }
      } catch (DateTimeException e) {
        // Refused below.
      }
      throw new Refusal(
          Refusal.BAD_REQUEST, "\"" + field + "\" must be a date such as 2026-01-31.");
    }

    /** The query of an address, from its question mark on. */
    String encoded() {
      return "?plugin="
          + encoded(plugin)
          + "&event="
          + encoded(event)
          + "&actor="
          + encoded(actor)
          + "&from="
          + encoded(from)
          + "&to="
          + encoded(to);
    }

    private static String encoded(String text) {
      return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
  }

  /**
   * The page.
   *
   * @param first whether it begins with the newest row
   * @param next the id below which the next page begins; 0 when this is the last one
   */
  record Model(Query query, List<Row> rows, boolean first, long next) {}

  record Row(AuditEntry entry) {
    String when() {
      return Shown.time(entry.row().at());
    }
  }

  @Override
  public void addTo(Routes routes) {
    routes.nav("Audit", PATH);
    routes.page(
        PATH, visit -> Answer.page("Audit log", "audit", model(Query.of(visit), before(visit))));
    for (AuditExport export : AuditExport.values()) {
      routes.page(
          PATH + "/export." + export.suffix(),
          visit -> export.of(host.audit(), Query.of(visit).filter()));
    }
  }

  private static long before(Visit visit) {
    try {
      return visit.query("before").map(Long::parseLong).orElse(Long.MAX_VALUE);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  private Model model(Query query, long before) {
    List<AuditEntry> found = host.audit().find(query.filter(), before, MAX_ROWS + 1);
    int shown = 0;
    int chars = 0;
    while (shown < Math.min(found.size(), MAX_ROWS) && chars < MAX_CHARS) {
      chars += found.get(shown).row().detail().length() + MARKUP_CHARS;
      shown++;
    }
    List<AuditEntry> rows = found.subList(0, shown);
    return new Model(
        query,
        rows.stream().map(Row::new).toList(),
        before == Long.MAX_VALUE,
        shown < found.size() ? rows.getLast().id() : 0);
  }
}
