package io.gonext.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.cli.admin.TopOverview.Memory;
import io.gonext.cli.admin.TopOverview.Plugin;
import io.gonext.cli.admin.TopScreen.Line;
import io.gonext.cli.admin.TopScreen.Style;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code gonext top} shows, and what its keys do. */
class TopScreenTest {
  private static final Plugin BLOG =
      plugin("blog", "ACTIVE", "", 12.5, 850, 12_000, 3, 2, "closed");
  private static final Plugin SHOP = plugin("shop", "ACTIVE", "", 3, 90, 2_500_000, 0, 8, "closed");
  private static final Plugin WIKI =
      new Plugin("wiki", "2.0.0", "ERRORED", "its breaker", 0, -1, -1, 0, 0, "closed", 0, 0, 0, 0);

  private final TopScreen screen = new TopScreen("http://h:1", TopColumn.CALLS_S, "");

  private static Plugin plugin(
      String name,
      String state,
      String trouble,
      double rate,
      long p50,
      long p99,
      long failures,
      long inUse,
      String breaker) {
    return new Plugin(
        name, "1.0.0", state, trouble, rate, p50, p99, 100, failures, breaker, inUse, 8, 0,
        1 << 20);
  }

  private void show(Plugin... plugins) {
    screen.show(
        new TopOverview(new Memory(1 << 20, 1 << 30, 2 << 20, 1 << 29), List.of(plugins)), null);
  }

  @Test
  void the_list_shows_the_numbers_of_each_plugin() {
    show(BLOG, SHOP, WIKI);
    assertThat(texts(120, 30))
        .containsExactly(
            "gonext at http://h:1: 3 plugins, 2 in service, 1 to look at",
            "heap 1.0M of 1.0G, instances 2.0M of 512M, 15.5 calls/s",
            "up/down select  enter open  / filter  n s c p f u w m t sort (again: reverse)  q quit",
            "NAME  VERSION  STATE    CALLS/S    P50     P99  FAILURES  BREAKER  IN USE  WAIT "
                + " MEMORY  TROUBLE",
            "blog  1.0.0    ACTIVE      12.5  850us  12.0ms         3  closed      2/8     0   "
                + " 1.0M",
            "shop  1.0.0    ACTIVE       3.0   90us    2.5s         0  closed      8/8     0   "
                + " 1.0M",
            "wiki  2.0.0    ERRORED                                                                "
                + "   its breaker");
    assertThat(screen.lines(120, 30).get(6).style()).isEqualTo(Style.BAD);
  }

  @ParameterizedTest
  @CsvSource({"n, blog, wiki", "p, shop, wiki", "f, blog, shop", "t, wiki, blog", "u, shop, wiki"})
  void a_letter_sorts_and_the_same_letter_again_reverses(char key, String first, String reversed) {
    show(BLOG, SHOP, WIKI);
    assertThat(screen.typed(key)).isTrue();
    assertThat(names()).startsWith(first);
    screen.typed(key);
    assertThat(names()).startsWith(reversed);
  }

  @Test
  void the_selection_follows_its_plugin_when_the_order_changes() {
    show(BLOG, SHOP, WIKI);
    screen.pressed(TopScreen.Key.DOWN);
    assertThat(selected()).isEqualTo("shop");
    screen.typed('p');
    assertThat(names()).startsWith("shop");
    assertThat(selected()).isEqualTo("shop");
    show(BLOG, WIKI);
    assertThat(selected()).isEqualTo("blog");
  }

  @Test
  void a_filter_is_typed_and_kept_and_cleared() {
    show(BLOG, SHOP, WIKI);
    screen.typed('/');
    "oqx".chars().forEach(character -> screen.typed((char) character));
    screen.pressed(TopScreen.Key.BACKSPACE);
    screen.pressed(TopScreen.Key.BACKSPACE);
    assertThat(texts(80, 30).get(2)).isEqualTo("filter: o_  (enter keep, esc clear)");
    screen.pressed(TopScreen.Key.ENTER);
    assertThat(names()).containsExactly("blog", "shop");
    assertThat(texts(80, 30).get(2)).startsWith("filter o (esc clears)");
    assertThat(screen.opened()).isNull();
    screen.pressed(TopScreen.Key.ESCAPE);
    assertThat(names()).hasSize(3);
  }

  @Test
  void q_and_ctrl_c_end_it_and_q_in_a_filter_is_a_letter() {
    assertThat(screen.typed('q')).isFalse();
    assertThat(screen.pressed(TopScreen.Key.CTRL_C)).isFalse();
    screen.typed('/');
    assertThat(screen.typed('q')).isTrue();
    assertThat(screen.pressed(TopScreen.Key.CTRL_C)).isFalse();
  }

  @Test
  void the_selected_plugin_is_always_on_the_screen() {
    show(
        IntStream.range(0, 200)
            .mapToObj(
                i -> plugin("plugin-%03d".formatted(i), "ACTIVE", "", 0, 1, 1, 0, 0, "closed"))
            .toArray(Plugin[]::new));
    for (TopScreen.Key key :
        List.of(
            TopScreen.Key.END,
            TopScreen.Key.PAGE_UP,
            TopScreen.Key.UP,
            TopScreen.Key.PAGE_DOWN,
            TopScreen.Key.HOME,
            TopScreen.Key.PAGE_DOWN)) {
      screen.pressed(key);
      List<Line> lines = screen.lines(80, 24);
      assertThat(lines).hasSize(24).filteredOn(Line::selected).hasSize(1);
    }
    screen.pressed(TopScreen.Key.END);
    assertThat(selected()).isEqualTo("plugin-199");
    assertThat(texts(80, 24)).last().asString().startsWith("plugin-199");
  }

  @Test
  void a_plugin_opens_with_its_instances_handlers_and_calls() {
    show(BLOG);
    screen.pressed(TopScreen.Key.ENTER);
    assertThat(screen.opened()).isEqualTo("blog");
    screen.show(
        new TopOverview(new Memory(0, 0, 0, 0), List.of(BLOG)),
        new TopDetail(
            "blog",
            List.of(
                new TopDetail.Handler("hook", "the_content", 12.5, 850, 12_000, 100, 3, "closed"),
                new TopDetail.Handler("route", "GET /{id}", 0, -1, -1, 0, 0, "open")),
            List.of("leased", "leased", "idle", "creating", "retiring"),
            List.of(1_500L),
            List.of(0.0, 5.0, 10.0),
            List.of(
                new TopDetail.Call(
                    "2026-11-30T10:00:00.123Z",
                    "the_content",
                    "DEADLINE",
                    1_000_000,
                    "too long"))));
    assertThat(texts(100, 30))
        .contains(
            "blog@1.0.0 ACTIVE",
            "instances [##.+-] 2 of 8 in use, 1.0M  (# in use, . idle, + creating, - retiring)",
            "0 callers wait, the first for 1.5ms",
            "calls/s \u2581\u2585\u2588 up to 10.0",
            "hook   the_content        100     12.5    850us   12.0ms         3  closed",
            "2026-11-30T10:00:00Z  DEADLINE  1.0s  the_content  too long");
    screen.pressed(TopScreen.Key.ESCAPE);
    assertThat(screen.opened()).isNull();
    assertThat(names()).containsExactly("blog");
  }

  @Test
  void an_open_plugin_that_is_uninstalled_says_so() {
    show(BLOG);
    screen.pressed(TopScreen.Key.ENTER);
    show(SHOP);
    assertThat(texts(80, 24)).contains("blog is not installed any more");
  }

  @Test
  void a_host_that_does_not_answer_is_named_and_the_last_numbers_stay() {
    show(BLOG);
    screen.failed("no host answers at http://h:1");
    assertThat(screen.lines(80, 24).get(2))
        .isEqualTo(new Line("no host answers at http://h:1", Style.BAD));
    assertThat(names()).containsExactly("blog");
    show(BLOG);
    assertThat(texts(80, 24).get(2)).doesNotContain("no host answers");
  }

  @Test
  void a_terminal_of_any_size_gets_lines_that_fit() {
    show(BLOG, SHOP, WIKI);
    for (int width = 1; width < 130; width += 3) {
      for (int height = 0; height < 12; height++) {
        int limit = width;
        assertThat(screen.lines(width, height))
            .hasSizeLessThanOrEqualTo(height)
            .allMatch(line -> line.text().length() <= limit);
      }
    }
  }

  @Test
  void wide_characters_take_two_columns() {
    assertThat(TopScreen.fit("\u6f22\u5b57ab", 5)).isEqualTo("\u6f22\u5b57a");
    assertThat(TopScreen.fit("\u6f22\u5b57ab", 3)).isEqualTo("\u6f22");
  }

  @Test
  void hostile_text_of_a_host_cannot_move_the_cursor() throws InvalidJsonException {
    TopOverview overview =
        TopOverview.of(
            StrictJson.parse(
                """
                {"plugins": [{"name": "blog", "version": "1.0.0", "state": "ERRORED",
                  "cause": "\\u001b[2J\\r\\n\\u202egone"}]}
                """
                    .getBytes(StandardCharsets.UTF_8)));
    screen.show(overview, null);
    assertThat(String.join("", texts(200, 24)))
        .contains("\\u001b[2J\\r\\n\\u202egone")
        .matches("[ -~]*");
  }

  private List<String> texts(int width, int height) {
    return screen.lines(width, height).stream().map(line -> line.text().stripTrailing()).toList();
  }

  private List<String> names() {
    return screen.lines(120, 40).stream()
        .skip(4)
        .map(line -> line.text().split(" ", 2)[0])
        .toList();
  }

  private String selected() {
    return screen.lines(120, 400).stream()
        .filter(Line::selected)
        .map(line -> line.text().split(" ", 2)[0])
        .findFirst()
        .orElseThrow();
  }
}
