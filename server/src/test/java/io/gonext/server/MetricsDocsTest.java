package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.hook.HookOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The table in {@code docs/metrics.md} is what the host exports: as a scrape shows it, and as the
 * code says it where nothing has happened that would show it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsDocsTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));

  private static final Pattern ROW =
      Pattern.compile(
          "^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\| ([a-z_`, ]*) \\| (.+) \\|$", Pattern.MULTILINE);

  /** A meter in the code, up to the end of its statement. */
  private static final Pattern BUILDER =
      Pattern.compile(
          "\\b(Counter|FunctionCounter|Timer|Gauge|MultiGauge)\\s*\\.builder\\(\\s*\"(gonext\\.[a-z.]*[a-z])\""
              + "([,)].*?)(?:\\.register\\(|\\);)",
          Pattern.DOTALL);

  private static final Pattern DESCRIPTION =
      Pattern.compile("\\.description\\(\\s*((?:\"[^\"]*\"[\\s+]*)+)\\)");
  private static final Pattern UNIT = Pattern.compile("\\.baseUnit\\(\"([a-z]+)\"\\)");
  private static final Pattern TAG = Pattern.compile("\\b(?:tag|Tag\\.of)\\(\\s*\"([a-z_]+)\"");

  @RegisterExtension private final TestServer server = TestServer.withDefaults();

  private final Map<String, Metric> documented = new TreeMap<>();
  private final Map<String, Metric> scraped = new TreeMap<>();
  private final Map<String, Metric> written = new TreeMap<>();

  /**
   * @param labels without those of the format, {@code le} and {@code quantile}
   */
  private record Metric(String type, Set<String> labels, String help) {
    String row(String name) {
      return "| `%s` | %s | %s | %s |"
          .formatted(
              name,
              type,
              String.join(", ", labels.stream().map(label -> "`" + label + "`").toList()),
              help);
    }
  }

  @BeforeAll
  void read() throws Exception {
    readTable();
    readCode();
    useHost();
    // What a plugin is, the host knows a moment later, and so it is with its jobs.
    await()
        .untilAsserted(() -> {
          scraped.clear();
          readScrape();
          assertThat(scraped)
              .containsKeys(
                  "gonext_plugin_state", "gonext_plugin_jobs", "gonext_plugin_job_lag_seconds");
        });
  }

  private void useHost() throws Exception {
    server.activate(GuestBundle.of("upper").filter("title"));
    server.activate(GuestBundle.of("trap").filter("title"));
    server.activate(
        GuestBundle.of("jobs").field("jobs", "[{\"name\":\"ok\"}]").limit("instances_jobs", 1));
    server.host().jobs().run("jobs", "ok", JsonNodeFactory.instance.objectNode());
    // Jobs are counted when a host starts, and then every 15 s.
    server.restartHost(host -> host);
    assertThat(server.host().applyFilters("title", "x").value().asString()).isEqualTo("X");
  }

  @Test
  void each_metric_of_a_scrape_is_a_row_of_the_table() {
    List<String> wrong = new ArrayList<>();
    scraped.forEach((name, metric) -> {
      if (!metric.equals(documented.get(name))) {
        wrong.add(metric.row(name));
      }
    });
    assertThat(wrong).as("rows that docs/metrics.md needs").isEmpty();
    assertThat(scraped).hasSizeGreaterThan(60);
  }

  @Test
  void each_metric_in_the_code_is_a_row_of_the_table() {
    List<String> wrong = new ArrayList<>();
    written.forEach((name, metric) -> {
      // The code does not show all labels in one place, so a scrape decides on them.
      Metric shown =
          scraped.containsKey(name)
              ? new Metric(metric.type, scraped.get(name).labels, metric.help)
              : metric;
      if (!shown.equals(documented.get(name))) {
        wrong.add(shown.row(name));
      }
    });
    assertThat(wrong).as("rows that docs/metrics.md needs").isEmpty();
    assertThat(written).hasSizeGreaterThan(30);
  }

  @Test
  void each_row_of_the_table_is_a_metric_of_the_host() {
    assertThat(
            documented.keySet().stream()
                .filter(name -> name.startsWith("gonext_"))
                .filter(name -> !scraped.containsKey(name) && !written.containsKey(name)))
        .isEmpty();
  }

  @Test
  void each_outcome_of_a_call_is_explained() throws IOException {
    String outcomes = Files.readString(ROOT.resolve("docs/metrics.md"));
    assertThat(HookOutcome.values())
        .allMatch(
            outcome -> outcome == HookOutcome.OK || outcomes.contains("| `" + outcome + "` | "));
  }

  private void readTable() throws IOException {
    Matcher row = ROW.matcher(Files.readString(ROOT.resolve("docs/metrics.md")));
    while (row.find()) {
      Set<String> labels = new TreeSet<>();
      for (String label : row.group(3).split(",", -1)) {
        labels.add(label.replace("`", "").strip());
      }
      labels.remove("");
      Metric before = documented.put(row.group(1), new Metric(row.group(2), labels, row.group(4)));
      assertThat(before).as("%s has two rows", row.group(1)).isNull();
    }
  }

  private void readScrape() throws IOException, InterruptedException {
    Map<String, String> helps = new HashMap<>();
    Map<String, String> types = new HashMap<>();
    Map<String, Set<String>> labels = new TreeMap<>();
    String family = "";
    for (String line : server.get("/metrics").body().lines().toList()) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# HELP ")) {
        helps.put(words[2], words[3]);
      } else if (line.startsWith("# TYPE ")) {
        family = words[2];
        types.put(family, words[3]);
        labels.put(family, new TreeSet<>());
      } else {
        Set<String> known = labels.getOrDefault(family, new TreeSet<>());
        Pattern.compile("([a-z_]+)=\"").matcher(line).results().forEach(l -> known.add(l.group(1)));
      }
    }
    labels.forEach((name, found) -> {
      found.removeAll(Set.of("le", "quantile"));
      // A timer has its longest time in a metric of its own.
      boolean isLongest = name.endsWith("_max") && types.containsKey(name.replaceAll("_max$", ""));
      if (!isLongest) {
        scraped.put(
            name, new Metric(types.getOrDefault(name, ""), found, helps.getOrDefault(name, "")));
      }
    });
  }

  private void readCode() throws IOException {
    for (String module : List.of("pool", "engine", "host", "server")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          BUILDER.matcher(Files.readString(file)).results().forEach(this::addWritten);
        }
      }
    }
  }

  private void addWritten(MatchResult builder) {
    String body = builder.group(3);
    String unit = UNIT.matcher(body).results().map(u -> "_" + u.group(1)).findFirst().orElse("");
    String name = builder.group(2).replace('.', '_');
    Set<String> labels = new TreeSet<>();
    TAG.matcher(body).results().forEach(tag -> labels.add(tag.group(1)));
    if (body.contains("series.tags(")) {
      labels.add("plugin");
    }
    String help =
        DESCRIPTION
            .matcher(body)
            .results()
            .map(text -> text.group(1).replaceAll("\"[\\s+]*\"", "").replace("\"", "").strip())
            .findFirst()
            .orElse("");
    switch (builder.group(1)) {
      case "Counter", "FunctionCounter" ->
          written.put(name + "_total", new Metric("counter", labels, help));
      case "Timer" ->
          written.put(
              name + "_seconds",
              new Metric(
                  body.contains(".serviceLevelObjectives(") ? "histogram" : "summary",
                  labels,
                  help));
      default -> written.put(name + unit, new Metric("gauge", labels, help));
    }
  }
}
