package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.server.PrometheusMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The files in {@code ops} and {@code docs/operations.md}, compared with the metrics that {@code
 * docs/metrics.md} lists. Another test compares that list with the code.
 */
class OperationsTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Path RULES = ROOT.resolve("ops/prometheus/gonext.rules.yml");
  private static final Path RULE_TESTS = ROOT.resolve("ops/prometheus/gonext.rules.test.yml");
  private static final Path DASHBOARD = ROOT.resolve("ops/grafana/gonext.json");

  /** What Prometheus makes itself. */
  private static final Set<String> OF_PROMETHEUS = Set.of("up", "ALERTS");

  /** A name in an expression that no bracket follows, outside of quotes and braces. */
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");

  private static final Set<String> WORDS =
      Set.of("by", "without", "and", "or", "unless", "on", "ignoring", "bool", "offset");

  @TempDir private Path directory;

  @Test
  void promtool_finds_nothing_wrong_with_the_metrics_of_a_host() throws Exception {
    requirePromtool();
    Path metrics = directory.resolve("metrics.txt");
    PrometheusMeterRegistry registry = PrometheusMetrics.registry();
    HostConfig config =
        HostConfig.builder(directory.resolve("data"))
            .trust(TrustPolicy.off())
            .meters(registry)
            .build();
    try (Host host = Hosts.open(config)) {
      for (GuestBundle bundle :
          List.of(
              GuestBundle.of("upper").filter("title").route("GET", "/"),
              GuestBundle.of("trap").filter("title"),
              GuestBundle.of("jobs").field("jobs", "[{\"name\":\"ok\"}]"))) {
        host.plugins().deploy(bundle.bytes(), Set.of());
      }
      assertThat(host.applyFilters("title", "x").degraded()).hasSize(1);
      Files.writeString(metrics, registry.scrape());
    }
    assertThat(promtool(metrics, "check", "metrics")).isEmpty();
  }

  @Test
  void promtool_accepts_the_rules_and_their_tests() throws Exception {
    requirePromtool();
    assertThat(promtool(null, "check", "rules", RULES.toString())).contains("SUCCESS");
    assertThat(promtool(null, "test", "rules", RULE_TESTS.toString())).contains("SUCCESS");
    assertThat(
            promtool(
                null, "check", "config", ROOT.resolve("ops/prometheus/prometheus.yml").toString()))
        .contains("SUCCESS");
  }

  @Test
  void each_alert_has_a_test_that_fires_it() throws IOException {
    String tests = Files.readString(RULE_TESTS);
    assertThat(alerts()).hasSizeGreaterThan(15);
    for (String alert : alerts()) {
      assertThat(tests)
          .containsPattern("alertname: " + alert + "\n +exp_alerts:\n")
          .contains("docs/operations.md#" + alert.toLowerCase(Locale.ROOT));
    }
  }

  @Test
  void each_alert_links_to_a_section_that_exists() throws IOException {
    Set<String> anchors =
        group("(?m)^#+ (.+)$", Files.readString(ROOT.resolve("docs/operations.md"))).stream()
            .map(OperationsTest::anchor)
            .collect(Collectors.toCollection(TreeSet::new));
    List<String> links =
        Pattern.compile("runbook_url: docs/operations\\.md#(\\S+)")
            .matcher(Files.readString(RULES))
            .results()
            .map(link -> link.group(1))
            .toList();
    assertThat(links).hasSize(alerts().size()).doesNotHaveDuplicates();
    assertThat(anchors).containsAll(links);
    // And no section is left that no alert leads to.
    assertThat(alerts().stream().map(OperationsTest::anchor))
        .containsExactlyInAnyOrderElementsOf(
            anchors.stream().filter(anchor -> anchor.startsWith("gonext")).toList());
  }

  @Test
  void each_alert_of_a_host_that_answers_links_to_a_page_of_it() throws IOException {
    Set<String> without =
        Pattern.compile("- alert: (\\w+)\\n(?:(?! *- alert:).*\\n)*")
            .matcher(Files.readString(RULES))
            .results()
            .filter(alert -> !alert.group().contains("dashboard: http://{{ $labels.instance }}/"))
            .map(alert -> alert.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    // Jobs are of all hosts together, and a host that is down has no page.
    assertThat(without).containsExactly("GoNextHostDown", "GoNextJobsDead", "GoNextJobsDelayed");
  }

  @Test
  void links_within_the_documents_of_operators_lead_to_sections() throws IOException {
    for (String name : List.of("operations.md", "metrics.md")) {
      String text = Files.readString(ROOT.resolve("docs").resolve(name));
      for (String link : group("\\]\\(([^)]+)\\)", text)) {
        String[] parts = link.split("#", 2);
        Path file = ROOT.resolve("docs").resolve(parts[0].isEmpty() ? name : parts[0]).normalize();
        assertThat(file).as(link).exists();
        if (parts.length == 2) {
          assertThat(
                  group("(?m)^#+ (.+)$", Files.readString(file)).stream()
                      .map(OperationsTest::anchor))
              .as(link)
              .contains(parts[1]);
        }
      }
    }
  }

  @Test
  void each_metric_in_a_rule_is_one_that_the_host_exports() throws IOException {
    String rules = Files.readString(RULES);
    Set<String> known = exported();
    known.addAll(OF_PROMETHEUS);
    known.addAll(group("record: (\\S+)", rules));
    List<String> expressions =
        Pattern.compile("(?m)^ +expr: (?:\\|\\n((?: {10,}.*\\n)+)|(.+)$)")
            .matcher(rules)
            .results()
            .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
            .toList();
    assertThat(expressions).hasSize(group("(?:alert|record): (\\S+)", rules).size());
    assertThat(expressions).allSatisfy(expr -> assertThat(known).containsAll(metricsIn(expr)));
    // Only what is exported, not what a test makes up.
    assertThat(known).containsAll(group("series: '([a-z_]+)\\{", Files.readString(RULE_TESTS)));
  }

  @Test
  void each_expression_of_the_dashboard_is_valid_and_reads_metrics_that_the_host_exports()
      throws Exception {
    List<String> expressions = new ArrayList<>();
    JsonNode dashboard = StrictJson.parse(Files.readAllBytes(DASHBOARD));
    for (JsonNode panel : dashboard.path("panels")) {
      panel.path("targets").forEach(target -> expressions.add(target.path("expr").asString("")));
    }
    for (JsonNode variable : dashboard.at("/templating/list")) {
      // label_values(METRIC, LABEL) is Grafana's own.
      expressions.addAll(
          group("label_values\\((.*), [a-z]+\\)", variable.path("definition").asString("")));
    }
    assertThat(expressions).hasSizeGreaterThan(40);
    Set<String> known = exported();
    known.addAll(OF_PROMETHEUS);
    assertThat(expressions)
        .allSatisfy(expr -> assertThat(known).as(expr).containsAll(metricsIn(expr)))
        .allSatisfy(expr -> assertThat(metricsIn(expr)).as(expr).isNotEmpty());

    requirePromtool();
    StringBuilder rules = new StringBuilder("groups:\n- name: dashboard\n  rules:\n");
    for (String expr : expressions) {
      rules
          .append("  - record: x:y:z")
          .append(rules.length())
          .append("\n    expr: '")
          .append(
              expr.replace("$__rate_interval", "5m").replaceAll("\\$\\w+", "x").replace("'", "''"))
          .append("'\n");
    }
    Path file = Files.writeString(directory.resolve("rules.yml"), rules);
    assertThat(promtool(null, "check", "rules", file.toString()))
        .contains("SUCCESS: " + expressions.size() + " rules found");
  }

  @Test
  void no_panels_of_the_dashboard_overlap_or_share_an_id() throws Exception {
    Set<String> cells = new TreeSet<>();
    Set<Integer> ids = new TreeSet<>();
    for (JsonNode panel : StrictJson.parse(Files.readAllBytes(DASHBOARD)).path("panels")) {
      assertThat(ids.add(panel.path("id").asInt(0))).as(panel.path("title").asString("")).isTrue();
      JsonNode at = panel.path("gridPos");
      for (int x = 0; x < at.path("w").asInt(0); x++) {
        for (int y = 0; y < at.path("h").asInt(0); y++) {
          assertThat(cells.add((at.path("x").asInt(0) + x) + "," + (at.path("y").asInt(0) + y)))
              .as(panel.path("title").asString(""))
              .isTrue();
        }
      }
      assertThat(at.path("x").asInt(0) + at.path("w").asInt(0)).isLessThanOrEqualTo(24);
    }
  }

  private static List<String> alerts() throws IOException {
    return Pattern.compile("alert: (\\S+)")
        .matcher(Files.readString(RULES))
        .results()
        .map(alert -> alert.group(1))
        .toList();
  }

  /** The names of all series that the table of metrics allows. */
  private static Set<String> exported() throws IOException {
    Set<String> names = new TreeSet<>();
    Pattern.compile("(?m)^\\| `((?:gonext|jvm|process)_[a-z0-9_]+)` \\| ([a-z]+) \\|")
        .matcher(Files.readString(ROOT.resolve("docs/metrics.md")))
        .results()
        .forEach(row -> {
          String name = row.group(1);
          switch (row.group(2)) {
            case "summary" -> names.addAll(List.of(name + "_count", name + "_sum", name + "_max"));
            case "histogram" ->
                names.addAll(
                    List.of(name + "_bucket", name + "_count", name + "_sum", name + "_max"));
            default -> names.add(name);
          }
        });
    assertThat(names).hasSizeGreaterThan(100);
    return names;
  }

  /** The metrics that an expression of PromQL reads. */
  private static Set<String> metricsIn(String expression) {
    String plain =
        expression
            .replaceAll("\"[^\"]*\"", "")
            .replaceAll("\\{[^}]*}", "")
            .replaceAll("\\[[^]]*]", "")
            .replaceAll("\\b(by|without|on|ignoring)\\s*\\([^)]*\\)", "");
    return NAME.matcher(plain)
        .results()
        .filter(name -> !WORDS.contains(name.group()))
        .filter(name -> !isFunction(plain, name))
        .filter(name -> name.start() == 0 || !Character.isDigit(plain.charAt(name.start() - 1)))
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean isFunction(String expression, MatchResult name) {
    return expression.substring(name.end()).stripLeading().startsWith("(");
  }

  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-');
  }

  private static Set<String> group(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void requirePromtool() {
    TestTool.require(
        "promtool",
        TestTool.isOnPath("promtool"),
        "no promtool on PATH: apt-get install prometheus");
  }

  /** What it prints. It has to succeed. */
  private String promtool(@Nullable Path input, String... arguments) throws Exception {
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(Stream.concat(Stream.of("promtool"), Stream.of(arguments)).toList())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    if (input != null) {
      builder.redirectInput(input.toFile());
    }
    int exitCode = builder.start().waitFor();
    String printed = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(exitCode).as(printed).isZero();
    return printed;
  }
}
