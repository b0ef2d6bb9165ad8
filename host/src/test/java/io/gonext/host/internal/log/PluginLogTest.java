package io.gonext.host.internal.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.PlainText;
import io.gonext.host.RecordingLogger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class PluginLogTest {
  private final AtomicLong nanoTime = new AtomicLong();
  private final RecordingLogger lines = new RecordingLogger();
  private final List<String> heard = new ArrayList<>();
  private Level least = Level.DEBUG;
  private final PluginLog log =
      new PluginLog(
          lines, nanoTime::get, () -> least, (level, line) -> heard.add(level + " " + line));

  @Test
  void a_line_keeps_its_level() {
    log.write(Level.WARN, "careful");
    assertThat(lines.written).containsExactly("WARN careful");
  }

  @Test
  void lines_below_the_plugins_current_level_are_dropped() {
    least = Level.WARN;
    for (int i = 0; i < 2 * PluginLog.LINES_PER_SECOND; i++) {
      log.write(Level.INFO, "chatter");
    }
    log.write(Level.ERROR, "broken");
    least = Level.INFO;
    log.write(Level.INFO, "heard");
    log.write(Level.DEBUG, "not heard");
    assertThat(lines.written).containsExactly("ERROR broken", "INFO heard");
  }

  @Test
  void a_guest_cannot_forge_a_line_or_move_the_cursor() {
    log.write(Level.INFO, "a\nERROR forged\r\tb\u001b[2J\u0000");
    assertThat(lines.written).containsExactly("INFO a\\nERROR forged\\r\tb\\u001b[2J\\u0000");
  }

  @Test
  void a_long_line_is_cut() {
    log.write(Level.INFO, "x".repeat(PlainText.MAX_LENGTH + 1));
    assertThat(lines.written).containsExactly("INFO " + "x".repeat(PlainText.MAX_LENGTH) + "...");
  }

  @Test
  void the_next_second_says_how_many_lines_a_flood_lost() {
    for (int i = 0; i < PluginLog.LINES_PER_SECOND + 50; i++) {
      log.write(Level.INFO, "line");
    }
    assertThat(lines.written).hasSize(PluginLog.LINES_PER_SECOND);
    assertThat(heard).isEqualTo(lines.written);

    nanoTime.addAndGet(1_000_000_000L);
    log.write(Level.INFO, "after");
    assertThat(lines.written).hasSize(PluginLog.LINES_PER_SECOND + 2);
    assertThat(lines.written.getLast()).isEqualTo("INFO after");
    assertThat(lines.written.get(PluginLog.LINES_PER_SECOND)).startsWith("WARN 50 log lines");
  }
}
