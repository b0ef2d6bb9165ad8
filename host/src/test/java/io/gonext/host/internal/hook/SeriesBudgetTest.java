package io.gonext.host.internal.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import org.junit.jupiter.api.Test;

/** How many series the names in a plugin's manifests may cause. */
class SeriesBudgetTest {
  private final SeriesBudget budget = new SeriesBudget();

  @Test
  void a_name_stays_as_it_is_within_the_bounds() {
    assertThat(hook("shop", "the_content"))
        .containsExactly(Tag.of("hook", "the_content"), Tag.of("plugin", "shop"));
  }

  @Test
  void a_name_beyond_the_bound_is_recorded_as_other() {
    for (int i = 0; i < SeriesBudget.MAX_NAMES; i++) {
      assertThat(name(hook("shop", "hook_" + i))).isEqualTo("hook_" + i);
    }
    assertThat(name(hook("shop", "one_more"))).isEqualTo(SeriesBudget.OTHER);
    assertThat(name(hook("shop", "hook_0"))).isEqualTo("hook_0");
  }

  @Test
  void each_plugin_and_each_label_has_bounds_of_its_own() {
    for (int i = 0; i <= SeriesBudget.MAX_NAMES; i++) {
      hook("shop", "hook_" + i);
    }
    assertThat(name(hook("blog", "one_more"))).isEqualTo("one_more");
    assertThat(budget.tags("shop", "jobs", 1, Tag.of("job", "tidy")))
        .contains(Tag.of("job", "tidy"));
  }

  @Test
  void outcomes_of_known_names_are_bounded_too_and_keep_their_outcome() {
    int named = 0;
    for (int hook = 0; hook < 60; hook++) {
      for (int outcome = 0; outcome < 30; outcome++) {
        Tags tags =
            budget.tags(
                "shop", "m", 3, Tag.of("hook", "h" + hook), Tag.of("outcome", "o" + outcome));
        assertThat(tags).contains(Tag.of("outcome", "o" + outcome));
        named += name(tags).equals(SeriesBudget.OTHER) ? 0 : 3;
      }
    }
    assertThat(named).isBetween(SeriesBudget.MAX_SERIES - 2, SeriesBudget.MAX_SERIES);
  }

  @Test
  void a_plugin_that_is_uninstalled_gives_its_names_back() {
    for (int i = 0; i <= SeriesBudget.MAX_NAMES; i++) {
      hook("shop", "hook_" + i);
    }
    budget.forget("shop");
    assertThat(name(hook("shop", "one_more"))).isEqualTo("one_more");
  }

  private Tags hook(String plugin, String hook) {
    return budget.tags(plugin, "calls", 1, Tag.of("hook", hook));
  }

  private static String name(Tags tags) {
    return tags.stream()
        .filter(tag -> tag.getKey().equals("hook"))
        .map(Tag::getValue)
        .findFirst()
        .orElseThrow();
  }
}
