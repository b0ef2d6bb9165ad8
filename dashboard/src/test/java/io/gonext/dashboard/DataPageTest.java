package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DataPageTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void entries() throws Exception {
    dashboard.activate(
        GuestBundle.of("entries", Guests.wasm("kv"))
            .filter("h")
            .field("capabilities", "[\"kv.read\",\"kv.write\"]"));
    dashboard.host().plugins().grantRequested("entries");
    for (int i = 0; i < 130; i++) {
      dashboard.host().applyFilters("h", "skey-%03d=value %d".formatted(i, i));
    }
    dashboard.host().applyFilters("h", "s<b>&?=<script>alert(1)</script>");
    dashboard.host().applyFilters("h", "slong=" + "x".repeat(20_000));
  }

  @Test
  void entries_are_listed_by_name_a_hundred_on_a_page() throws Exception {
    TestDashboard.Browser admin = dashboard.admin();

    String first = admin.get("/plugins/entries/data").body();
    assertThat(first)
        .contains("132 entries", "&lt;b&gt;&amp;?", "key-098")
        .doesNotContain("<b>", "key-099");

    String second = admin.get("/plugins/entries/data?after=key-098").body();
    assertThat(second).contains("key-099", "long", "20 KiB").doesNotContain("key-098<");
  }

  @Test
  void a_value_is_shown_as_text_and_cut() throws Exception {
    TestDashboard.Browser admin = dashboard.admin();

    assertThat(admin.get("/plugins/entries/data/value?key=%3Cb%3E%26%3F").body())
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
        .doesNotContain("<script>alert");
    String cut = admin.get("/plugins/entries/data/value?key=long").body();
    assertThat(cut).contains("text, the first 8.0 KiB");
    assertThat(cut.length()).isLessThan(20_000);
    assertThat(admin.get("/plugins/entries/data/value?key=gone").statusCode()).isEqualTo(404);
  }

  @Test
  void a_reader_sees_names_and_no_values() throws Exception {
    TestDashboard.Browser reader = dashboard.reader();

    assertThat(reader.get("/plugins/entries/data").body())
        .contains("key-001")
        .doesNotContain("data/value");
    HttpResponse<String> value = reader.get("/plugins/entries/data/value?key=key-001");
    assertThat(value.statusCode()).isEqualTo(403);
    assertThat(value.body()).doesNotContain("value 1");
  }
}
