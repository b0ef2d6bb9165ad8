package io.gonext.host.internal.service.i18n;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a version keeps of its messages. */
class CatalogTest {
  private final AtomicInteger kept = new AtomicInteger();
  private final Catalog catalog =
      new Catalog("en", Map.of("a", "Hello {name}", "b", "{n, number}", "plain", "Yes"), kept);

  @Test
  void a_message_with_arguments_is_parsed_once() {
    assertThat(catalog.find("a")).isSameAs(catalog.find("a"));
    assertThat(kept).hasValue(1);
    assertThat(catalog.find("b")).isSameAs(catalog.find("b"));
    assertThat(kept).hasValue(2);
  }

  @Test
  void a_message_without_arguments_is_not_kept() {
    Message plain = requireNonNull(catalog.find("plain"));
    assertThat(plain.format(Map.of())).isEqualTo("Yes");
    assertThat(kept).hasValue(0);
  }

  @Test
  void messages_beyond_the_limit_are_parsed_at_each_use() {
    Message first = catalog.find("a");
    kept.set(Catalog.MAX_KEPT);
    Message second = requireNonNull(catalog.find("b"));
    assertThat(second).isNotSameAs(catalog.find("b"));
    assertThat(second.format(Map.of("n", 2))).isEqualTo("2");
    assertThat(catalog.find("a")).isSameAs(first);
    assertThat(kept).hasValue(Catalog.MAX_KEPT);
  }
}
