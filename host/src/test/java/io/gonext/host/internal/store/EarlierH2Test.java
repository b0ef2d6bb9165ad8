package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.ChildJvm;
import io.gonext.host.Database;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Files of H2 2.5.252, which stores were kept in before. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class EarlierH2Test {
  /** Past a whole round of changes. */
  private static final int STEPS = 45;

  private static final int MORE_STEPS = 10;

  @TempDir private Path directory;
  private final Life life = new Life();

  @Test
  void a_file_that_h2_2_5_252_has_closed_keeps_everything() throws Exception {
    Path data = lived("close");
    goesOn(data, STEPS, life.new Expected(directory.resolve("expected")));
  }

  /** What H2 2.5.252 has lost already is gone: the state is one that the store had. */
  @Test
  void a_file_that_h2_2_5_252_did_not_close_is_opened_whole() throws Exception {
    Path data = lived("halt");
    Life.State found;
    try (PluginStore store = PluginStore.open(data, Database.embedded())) {
      found = Life.State.of(store);
    }
    Life.Expected expected = life.new Expected(directory.resolve("expected"));
    int steps = STEPS;
    while (steps > 0 && !found.equals(expected.after(steps))) {
      steps--;
    }
    assertThat(steps).as("%s", found).isPositive();
    goesOn(data, steps, expected);
  }

  private Path lived(String end) throws Exception {
    Path data = directory.resolve("data");
    Process child =
        ChildJvm.withFirst(earlierJar())
            .start(EarlierStore.class.getName(), data.toString(), "" + STEPS, end);
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as(said).isZero();
    assertThat(said).contains("by H2 2.5.252");
    return data;
  }

  private void goesOn(Path data, int steps, Life.Expected expected) {
    for (int step = steps; step < steps + MORE_STEPS; step++) {
      try (PluginStore store = PluginStore.open(data, Database.embedded())) {
        assertThat(Life.State.of(store)).isEqualTo(expected.after(step));
        life.make(store, step);
      }
    }
  }

  /** Copied by the build; elsewhere, as in an IDE, the tests of it are skipped. */
  private static Path earlierJar() {
    String jar = System.getProperty("gonext.test.earlierH2", "");
    if (System.getenv("CI") == null) {
      assumeTrue(!jar.isEmpty(), "gonext.test.earlierH2 names no jar of H2 2.5.252");
    }
    assertThat(Path.of(jar)).isRegularFile();
    return Path.of(jar);
  }
}
