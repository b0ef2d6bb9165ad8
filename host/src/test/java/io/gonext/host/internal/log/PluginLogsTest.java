package io.gonext.host.internal.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class PluginLogsTest {
  private final PluginLogs logs = new PluginLogs(InstantSource.system(), true);
  private final List<String> heard = new ArrayList<>();

  @Test
  void a_name_without_listeners_takes_no_memory() {
    for (int i = 0; i < 100; i++) {
      logs.listen("never-installed-" + i, (level, line) -> heard.add(line)).run();
    }
    assertThat(logs.listened()).isZero();
  }

  @Test
  void listeners_come_and_go_while_a_plugin_writes() {
    PluginLog log = logs.of("hello");
    log.write(Level.INFO, "unheard");
    Runnable first = logs.listen("hello", (level, line) -> heard.add("first " + line));
    Runnable second = logs.listen("hello", (level, line) -> heard.add("second " + line));
    log.write(Level.INFO, "one");
    first.run();
    first.run();
    log.write(Level.INFO, "two");
    second.run();
    log.write(Level.INFO, "three");
    logs.listen("hello", (level, line) -> heard.add("third " + line));
    log.write(Level.INFO, "four");
    assertThat(heard).containsExactly("first one", "second one", "second two", "third four");
  }
}
