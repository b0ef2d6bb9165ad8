package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TryPageTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void deploy() throws Exception {
    dashboard.activate(
        GuestBundle.of("upper").filter("shout").action("note").limit("fuel", 50_000_000));
    dashboard.activate(GuestBundle.of("panic").filter("give.up"));
    dashboard.host().plugins().install(GuestBundle.of("echo").filter("same").bytes());
    dashboard.activate(GuestBundle.of("route-echo").route("POST", "/a/{id}"));
  }

  private static String tried(String plugin, String handler, Map<String, String> fields)
      throws Exception {
    Map<String, String> all = new HashMap<>(fields);
    all.put("plugin", plugin);
    all.put("handler", handler);
    HttpResponse<String> answer = dashboard.admin().submit("/try?plugin=" + plugin, "/try", all);
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void the_form_offers_the_hooks_and_routes_of_the_chosen_plugin() throws Exception {
    String page = dashboard.admin().get("/try?plugin=upper").body();

    assertThat(page)
        .contains("<option value=\"filter shout\">")
        .contains("<option value=\"action note\">")
        .doesNotContain("Request body")
        .contains("value=\"trial\" checked");
    assertThat(dashboard.admin().get("/try?plugin=route-echo").body())
        .contains("<option value=\"POST /a/{id}\">")
        .doesNotContain("Value of a filter");
    assertThat(dashboard.admin().get("/try?plugin=%3Cb%3E").body()).doesNotContain("<b>");
  }

  @ParameterizedTest
  @CsvSource({"trial", "live"})
  void a_filter_shows_its_value_time_fuel_and_memory(String where) throws Exception {
    String page = tried("upper", "filter shout", Map.of("value", "\"<b>a</b>\"", "where", where));

    assertThat(page)
        .contains("&lt;B&gt;A&lt;/B&gt;")
        .contains("<dt>Fuel</dt>")
        .contains("<dt>Memory stored to</dt>")
        .contains("<dt>Time</dt>")
        .contains("value=\"" + where + "\" checked")
        .contains(">\n\"&lt;b&gt;a&lt;/b&gt;\"</textarea>");
  }

  @Test
  void a_trap_shows_its_reason_and_backtrace() throws Exception {
    assertThat(tried("panic", "filter give.up", Map.of("value", "1")))
        .contains("<span class=\"tag bad\">GUEST_PANIC</span>")
        .contains("the guest panicked: the guest gave up")
        .contains("Backtrace, innermost first");
  }

  @Test
  void a_route_shows_its_status_headers_and_body() throws Exception {
    assertThat(tried("route-echo", "POST /a/{id}", Map.of("path", "/a/7?x=1", "body", "hello")))
        .contains("<dt>Status</dt><dd>200</dd>")
        .contains(">hello</pre>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "filter shout|{\"a\":|[]|The value is not JSON",
        "filter shout|1|{}|The arguments must be a JSON list",
        "filter shout|1|[|The list of arguments is not JSON",
        "filter whisper|1|[]|upper has no filter whisper",
        "GET /x|1|[]|upper has no route for GET /x",
        "odd|1|[]|Choose a hook or a route.",
      })
  void what_cannot_be_called_is_said_and_the_form_keeps_its_fields(
      String handler, String value, String args, String said) throws Exception {
    assertThat(tried("upper", handler, Map.of("value", value, "args", args)))
        .contains("role=\"alert\">" + said)
        .contains(">\n" + value + "</textarea>");
  }

  @Test
  void a_live_call_of_a_plugin_out_of_service_is_refused_in_a_sentence() throws Exception {
    assertThat(tried("echo", "filter same", Map.of("value", "1", "where", "live")))
        .contains("role=\"alert\"")
        .contains("echo");
    assertThat(tried("echo", "filter same", Map.of("value", "1"))).contains("tag good");
  }

  @Test
  void a_long_answer_is_cut() throws Exception {
    String page = tried("upper", "filter shout", Map.of("value", "\"" + "a".repeat(80_000) + "\""));

    assertThat(page).contains("more characters");
  }

  @Test
  void a_reader_may_not_try() throws Exception {
    assertThat(dashboard.reader().get("/try").statusCode()).isEqualTo(403);
  }
}
