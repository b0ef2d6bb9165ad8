package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.hook.HookOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** DESIGN.md's table of outcomes says what the code says. */
class FailureTableTest {
  /** A row with its outcome, its cause and whether it counts for the breaker. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([A-Z_]+)` \\| [^|]+ \\| (yes|no) \\|");

  @Test
  void every_outcome_has_its_row_in_order_with_what_counts_for_the_breaker() throws IOException {
    String design = Files.readString(Path.of(System.getProperty("gonext.root"), "DESIGN.md"));
    List<String> rows =
        ROW.matcher(design).results().map(row -> row.group(1) + " " + row.group(2)).toList();
    assertThat(rows)
        .containsExactlyElementsOf(
            Arrays.stream(HookOutcome.values())
                .map(outcome -> outcome + " " + (outcome.isFaultOfPlugin() ? "yes" : "no"))
                .toList());
  }
}
