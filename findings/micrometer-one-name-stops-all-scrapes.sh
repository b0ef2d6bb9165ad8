#!/usr/bin/env bash
# One expects: Micrometer's Prometheus registry refuses a meter whose exposed name another meter has, or drops it with a warning, when it is registered.
# What happens: a timer `job` also exposes the gauge `job_seconds_max`. A gauge that is registered as `job.seconds.max` is accepted without a word. From then
# on every scrape throws, so that all metrics of the process are gone, and the exception comes where nobody registered anything.
# Why it matters: a host that lets plugins name metrics, in the registry of its application, has to compare names itself: one plugin blinds the monitoring of all.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>io.micrometer</groupId><artifactId>micrometer-registry-prometheus</artifactId><version>1.17.2</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { tail -n 20 mvn.log; exit 2; }
cat > Names.java <<'JAVA'
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

class Names {
  public static void main(String[] args) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Timer.builder("job").register(registry);
    show("the timer alone", registry);
    Gauge gauge = Gauge.builder("job.seconds.max", () -> 1).register(registry);
    System.out.println("registered: " + gauge.getId().getName());
    show("with the gauge", registry);
    registry.remove(gauge);
    show("without it again", registry);
  }

  static void show(String when, PrometheusMeterRegistry registry) {
    try {
      System.out.println(when + ": " + registry.scrape().lines().filter(l -> !l.startsWith("#")).count() + " lines");
    } catch (RuntimeException e) {
      System.out.println(when + ": scrape throws " + e.getClass().getName() + ": " + e.getMessage());
    }
  }
}
JAVA
ls lib | grep -E '^(micrometer-registry-prometheus|prometheus-metrics-model)-'
java -cp 'lib/*' Names.java 2>/dev/null | tee seen
grep -q '^the timer alone: [1-9]' seen && grep -q '^with the gauge: scrape throws' seen && grep -q '^without it again: [1-9]' seen
