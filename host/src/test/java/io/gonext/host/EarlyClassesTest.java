package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A class whose initialization fails once, for want of memory, fails for good. So what calls need
 * is initialized when a host opens, and calls work again when there is memory again.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class EarlyClassesTest {
  /** A class with something to initialize, as {@code -Xlog:class+init} tells it. */
  private static final Pattern INITIALIZED =
      Pattern.compile("Initializing '((?:io/gonext|run/endive)/[^']+)' \\(0x");

  @TempDir private Path data;

  @Test
  void no_call_is_the_first_to_initialize_a_class() throws Exception {
    Process child = start("-Xlog:class+init=info:stdout", EveryCallHost.class);
    List<String> late = new ArrayList<>();
    String last = "";
    try (BufferedReader output = child.inputReader()) {
      boolean opened = false;
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        Matcher initialized = INITIALIZED.matcher(line);
        if (line.equals("opened")) {
          opened = true;
        } else if (line.equals("called")) {
          opened = false;
          last = line;
        } else if (opened && initialized.find()) {
          late.add(initialized.group(1));
        }
      }
    }
    assertThat(child.waitFor()).isZero();
    assertThat(last).isEqualTo("called");
    assertThat(late).isEmpty();
  }

  @Test
  void calls_work_again_after_the_heap_was_full() throws Exception {
    Process child = start("-Xmx64m", FullHeapHost.class);
    List<String> lines;
    try (BufferedReader output = child.inputReader()) {
      lines = output.lines().toList();
    }
    assertThat(child.waitFor()).as(lines.toString()).isZero();
    assertThat(lines).contains("recovered").noneMatch(line -> line.contains("gonext-watch"));
  }

  /** Without a cache, which has classes that are initialized already. */
  private Process start(String option, Class<?> main) throws IOException {
    return ChildJvm.plain()
        .builder(List.of(option), main.getName(), data.toString())
        .redirectErrorStream(true)
        .start();
  }
}
