package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.AuditRow;
import io.gonext.host.ConflictException;
import io.gonext.host.json.StrictJson;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditPageTest {
  /** More than the rows of a page, and than those of one batch of an export. */
  private static final int FAILURES = 120;

  private static final Pattern OLDER = Pattern.compile("rel=\"next\" href=\"([^\"]+)\"");

  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void change() throws Exception {
    dashboard.host().plugins().install(GuestBundle.of("upper").filter("up").bytes());
    dashboard
        .host()
        .audit()
        .recordedAs(
            "=cmd|' /C calc'!A0",
            () -> {
              for (int i = 0; i < FAILURES; i++) {
                assertThatThrownBy(() -> dashboard.host().plugins().rollback("upper"))
                    .isInstanceOf(ConflictException.class);
              }
            });
  }

  private static HttpResponse<String> get(String path) throws Exception {
    HttpResponse<String> answer = dashboard.reader().get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer;
  }

  private static long rows(String page) {
    return Pattern.compile("<tr><td><time").matcher(page).results().count();
  }

  @Test
  void pages_go_on_to_the_oldest_row() throws Exception {
    String page = get("/audit").body();
    long rows = rows(page);
    Matcher older = OLDER.matcher(page);
    while (older.find()) {
      assertThat(page.length()).isLessThan(100_000);
      page = get(older.group(1).replace("&amp;", "&").substring("/dashboard".length())).body();
      rows += rows(page);
      older = OLDER.matcher(page);
    }

    assertThat(rows).isEqualTo(FAILURES + 1);
    assertThat(page).contains("<td class=\"name\">install</td>").contains(">Newest</a>");
  }

  @Test
  void a_filter_narrows_the_rows_and_stays_in_the_form_and_the_links() throws Exception {
    String page = get("/audit?event=INST&plugin=upper&actor=operator").body();

    assertThat(rows(page)).isEqualTo(1);
    assertThat(page)
        .contains("value=\"INST\"")
        .contains("export.csv?plugin=upper&amp;event=INST&amp;actor=operator");
    assertThat(get("/audit?from=2020-01-01&to=2020-01-02").body()).contains("has no such rows");
    assertThat(rows(get("/audit?event=install&from=2020-01-01").body())).isEqualTo(1);
    assertThat(get("/audit?plugin=%22%3E%3Cb%3E%00").body()).contains("has no such rows");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "2026-13-01", "+999999999-01-01"})
  void a_day_that_is_not_a_date_is_refused_in_a_sentence(String day) throws Exception {
    HttpResponse<String> answer =
        dashboard.reader().get("/audit?from=" + URLEncoder.encode(day, StandardCharsets.UTF_8));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("must be a date such as 2026-01-31.");
  }

  @Test
  void an_export_as_csv_has_all_rows_and_no_formula() throws Exception {
    HttpResponse<String> answer = get("/audit/export.csv");

    assertThat(answer.headers().firstValue("content-type")).contains("text/csv; charset=utf-8");
    assertThat(answer.headers().firstValue("content-disposition"))
        .contains("attachment; filename=\"gonext-audit.csv\"");
    List<String> lines = answer.body().lines().toList();
    assertThat(lines).hasSize(1 + 1 + FAILURES);
    assertThat(lines.getFirst()).isEqualTo("at,plugin,version,event,actor,detail");
    assertThat(lines.get(1))
        .contains(",\"'=cmd|' /C calc'!A0\",\"{\"\"")
        .doesNotContain(",\"=")
        .doesNotContain(",=");
  }

  @Test
  void an_export_as_json_lines_has_an_object_for_each_row() throws Exception {
    HttpResponse<String> answer = get("/audit/export.jsonl?event=install");

    List<String> lines = answer.body().lines().toList();
    assertThat(lines).hasSize(1);
    var row = StrictJson.parse(lines.getFirst().getBytes(StandardCharsets.UTF_8));
    assertThat(row.path("event").stringValue()).isEqualTo("install");
    assertThat(row.at("/detail/sha256").stringValue()).hasSize(64);
    assertThat(get("/audit/export.jsonl").body().lines()).hasSize(FAILURES + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\uff1d1"})
  void a_cell_of_csv_never_begins_as_a_formula_does(String hostile) {
    String line =
        AuditExport.CSV.line(
            new AuditRow(Instant.EPOCH, hostile, hostile, hostile, hostile, "a\"b,c"));

    assertThat(line)
        .isEqualTo(
            "\"1970-01-01T00:00:00Z\"" + (",\"'" + hostile + "\"").repeat(4) + ",\"a\"\"b,c\"\r\n");
  }
}
