package io.gonext.host.internal.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.LogLine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class RecentLinesTest {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T12:00:00Z"));
  private final RecentLines lines = new RecentLines(now::get);

  @Test
  void only_the_last_lines_are_kept() {
    for (int i = 0; i < RecentLines.MAX_LINES + 3; i++) {
      lines.add(Level.INFO, "line " + i);
    }
    assertThat(lines.list()).hasSize(RecentLines.MAX_LINES);
    assertThat(lines.list().getFirst().text()).isEqualTo("line 3");
    assertThat(lines.list().getLast().text()).isEqualTo("line " + (RecentLines.MAX_LINES + 2));
  }

  @Test
  void long_lines_are_limited_by_their_total_length() {
    String text = "x".repeat(4096);
    for (int i = 0; i < 100; i++) {
      lines.add(Level.INFO, text);
    }
    assertThat(lines.list()).hasSize(RecentLines.MAX_CHARS / 4096);
  }

  @Test
  void ids_rise_even_if_the_clock_stands_still_or_goes_back() {
    lines.add(Level.INFO, "a");
    lines.add(Level.INFO, "b");
    now.set(now.get().minusSeconds(60));
    lines.add(Level.INFO, "c");
    assertThat(lines.list()).extracting(LogLine::id).isSorted().doesNotHaveDuplicates();
    // A host that is started later begins above what an earlier one has told.
    now.set(Instant.parse("2026-01-01T12:00:01Z"));
    RecentLines next = new RecentLines(now::get);
    next.add(Level.INFO, "d");
    assertThat(next.list().getFirst().id()).isGreaterThan(lines.list().getLast().id());
  }

  @Test
  void a_follower_gets_the_earlier_lines_and_then_the_new_ones() {
    lines.add(Level.INFO, "before");
    List<String> heard = new ArrayList<>();
    Runnable stop = lines.follow(line -> heard.add(line.text()));
    lines.add(Level.WARN, "then");
    stop.run();
    lines.add(Level.WARN, "after");
    assertThat(heard).containsExactly("before", "then");
  }
}
