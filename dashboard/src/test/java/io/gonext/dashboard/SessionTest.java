package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SessionTest {
  private static final Instant START = Instant.parse("2026-01-31T12:00:00Z");
  private static final AtomicReference<Instant> NOW = new AtomicReference<>(START);
  private static final AtomicLong NANOS = new AtomicLong();

  @RegisterExtension
  static final TestDashboard dashboard =
      TestDashboard.of(settings ->
          settings
              .clock(NOW::get)
              .nanoTime(NANOS::get)
              .secure(request -> request.getHeader("X-Test-Https") != null));

  @BeforeEach
  void after_the_pause_of_failed_attempts() {
    NANOS.addAndGet(SignInLimit.PAUSE.multipliedBy(SignInLimit.ATTEMPTS).toNanos());
  }

  @Test
  void a_stranger_is_led_to_the_sign_in_and_back() throws Exception {
    TestDashboard.Browser browser = dashboard.stranger();

    HttpResponse<String> answer = browser.get("/?x=1");

    assertThat(answer.statusCode()).isEqualTo(303);
    String location = answer.headers().firstValue("location").orElseThrow();
    assertThat(location).isEqualTo("/dashboard/sign-in?to=%2F%3Fx%3D1");
    assertThat(browser.follow(answer).body()).contains("name=\"to\" value=\"/?x=1\"");

    HttpResponse<String> signedIn =
        browser.post("/sign-in", Map.of("token", TestDashboard.ADMIN_TOKEN, "to", "/?x=1"));

    assertThat(signedIn.headers().firstValue("location")).contains("/dashboard/?x=1");
  }

  @Test
  void the_sign_in_leads_to_no_other_site() throws Exception {
    for (String to : new String[] {"//evil.example", "https://evil.example", "/a\r\nb: c", "a"}) {
      HttpResponse<String> answer =
          dashboard
              .stranger()
              .post("/sign-in", Map.of("token", TestDashboard.ADMIN_TOKEN, "to", to));

      assertThat(answer.headers().firstValue("location").orElseThrow())
          .as(to)
          .startsWith("/dashboard/")
          .doesNotContain("\n");
    }
  }

  @Test
  void the_cookie_is_for_the_dashboard_alone() throws Exception {
    HttpResponse<String> answer =
        dashboard.stranger().post("/sign-in", Map.of("token", TestDashboard.ADMIN_TOKEN));

    assertThat(answer.headers().firstValue("set-cookie").orElseThrow())
        .matches(
            "gonext-dashboard-"
                + dashboard.port()
                + "=[A-Za-z0-9_-]{43}; Path=/dashboard; Max-Age=43200; HttpOnly; SameSite=Strict");
  }

  @Test
  void the_cookie_is_secure_under_https() throws Exception {
    TestDashboard.Browser browser = dashboard.stranger();

    HttpResponse<String> answer =
        browser.send(
            browser
                .form("/sign-in", Map.of("token", TestDashboard.ADMIN_TOKEN))
                .header("Sec-Fetch-Site", "same-origin")
                .header("X-Test-Https", "1"));

    assertThat(answer.headers().firstValue("set-cookie").orElseThrow()).endsWith("; Secure");
  }

  @Test
  void a_session_ends_after_12_hours() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    try {
      NOW.set(START.plus(Sessions.LIFE).minusSeconds(1));
      assertThat(browser.get("/").statusCode()).isEqualTo(200);

      NOW.set(START.plus(Sessions.LIFE));
      assertThat(browser.get("/").statusCode()).isEqualTo(303);
    } finally {
      NOW.set(START);
    }
  }

  @Test
  void signing_out_ends_the_session_on_the_server() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    String stolen = browser.cookie();

    HttpResponse<String> answer = browser.submit("/", "/sign-out", Map.of());

    assertThat(answer.headers().firstValue("location")).contains("/dashboard/sign-in");
    assertThat(browser.cookie()).isEmpty();
    HttpResponse<String> later =
        dashboard
            .stranger()
            .send(HttpRequest.newBuilder(dashboard.uri("/")).header("Cookie", stolen));
    assertThat(later.statusCode()).isEqualTo(303);
  }

  @Test
  void the_oldest_session_ends_when_there_are_too_many() {
    Sessions sessions = new Sessions(NOW::get);
    for (int i = 0; i <= Sessions.MAX; i++) {
      sessions.begin("session-" + i, Visitor.operator("operator"));
    }

    assertThat(sessions.find("session-0")).isEmpty();
    assertThat(sessions.find("session-1")).isPresent();
    assertThat(sessions.find("session-" + Sessions.MAX)).isPresent();
  }

  @Test
  void a_wrong_token_is_refused_in_words() throws Exception {
    HttpResponse<String> answer = dashboard.stranger().post("/sign-in", Map.of("token", "wrong"));

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.body())
        .contains("This is not a token of this host.")
        .doesNotContain("wrong\"");
    assertThat(answer.headers().firstValue("set-cookie")).isEmpty();
  }

  @Test
  void failed_attempts_to_sign_in_are_limited() throws Exception {
    for (int i = 0; i < SignInLimit.ATTEMPTS; i++) {
      assertThat(dashboard.stranger().post("/sign-in", Map.of("token", "wrong")).statusCode())
          .isEqualTo(401);
    }

    HttpResponse<String> refused =
        dashboard.stranger().post("/sign-in", Map.of("token", TestDashboard.ADMIN_TOKEN));
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("Too many attempts: wait 6 seconds.");

    NANOS.addAndGet(SignInLimit.PAUSE.toNanos());
    dashboard.admin();
    dashboard.admin();
  }

  @Test
  void a_link_from_another_site_opens_the_page_with_the_session() throws Exception {
    TestDashboard.Browser browser = dashboard.stranger();

    // As from a chat: the browser leaves the cookie out, and sends it with the next request.
    HttpResponse<String> answer =
        browser.send(
            HttpRequest.newBuilder(dashboard.uri("/?x=1"))
                .header("Sec-Fetch-Site", "cross-site")
                .header("Sec-Fetch-Dest", "document"));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("refresh")).contains("0");
    assertThat(answer.body()).contains("href=\"/dashboard/?x=1\"");
  }
}
