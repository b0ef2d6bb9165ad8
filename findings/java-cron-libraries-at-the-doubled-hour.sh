#!/usr/bin/env bash
# One expects: `0 0 * * * *` (every hour) fires every 60 minutes, and a job at 01:30 fires once a day, whatever library computes the times.
# What happens: in the night when New York's clocks go back (2026-11-01, 01:00 to 02:00 comes twice), Quartz and JobRunr leave a gap of two hours
# in an hourly schedule, each at another of the two hours. Spring fires the daily job at 01:30 twice, the others once. In the spring gap (2026-03-08, there is no
# 02:30), a job at 02:30 is left out for the day by all but JobRunr.
# Why it matters: "the same cron line" moves or loses runs when a service changes its scheduler.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>org.quartz-scheduler</groupId><artifactId>quartz</artifactId><version>2.5.2</version></dependency>
<dependency><groupId>org.springframework</groupId><artifactId>spring-context</artifactId><version>7.0.10</version></dependency>
<dependency><groupId>com.cronutils</groupId><artifactId>cron-utils</artifactId><version>9.2.1</version></dependency>
<dependency><groupId>org.jobrunr</groupId><artifactId>jobrunr</artifactId><version>8.2.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { tail -n 20 mvn.log; exit 2; }
cat > Nights.java <<'JAVA'
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.function.UnaryOperator;
import org.quartz.CronExpression;

class Nights {
  static final ZoneId ZONE = ZoneId.of("America/New_York");
  static final DateTimeFormatter SHOWN = DateTimeFormatter.ofPattern("dd'T'HH:mmxx");

  public static void main(String[] args) throws Exception {
    show("every hour, 2026-11-01 (01:00 comes twice)", "0 * * * *", "2026-11-01T03:30:00Z", "2026-11-01T08:30:00Z");
    show("daily at 01:30, 2026-11-01 (01:30 comes twice)", "30 1 * * *", "2026-11-01T03:30:00Z", "2026-11-01T08:30:00Z");
    show("daily at 02:30, 2026-03-08 (there is no 02:30)", "30 2 * * *", "2026-03-08T05:30:00Z", "2026-03-09T04:00:00Z");
  }

  static void show(String what, String fields, String from, String until) throws Exception {
    System.out.println(what);
    Map<String, UnaryOperator<Instant>> libraries = new LinkedHashMap<>();
    CronExpression quartz = new CronExpression("0 " + fields.replaceAll("\\*$", "?"));
    quartz.setTimeZone(TimeZone.getTimeZone(ZONE));
    libraries.put("quartz", at -> quartz.getNextValidTimeAfter(Date.from(at)).toInstant());
    var spring = org.springframework.scheduling.support.CronExpression.parse("0 " + fields);
    libraries.put("spring", at -> spring.next(at.atZone(ZONE)).toInstant());
    var utils = ExecutionTime.forCron(new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX)).parse(fields));
    libraries.put("cron-utils", at -> utils.nextExecution(at.atZone(ZONE)).get().toInstant());
    var jobrunr = new org.jobrunr.scheduling.cron.CronExpression(fields);
    libraries.put("jobrunr", at -> jobrunr.next(at, at, ZONE));
    for (var library : libraries.entrySet()) {
      List<String> times = new ArrayList<>();
      Instant at = Instant.parse(from);
      while ((at = library.getValue().apply(at)).isBefore(Instant.parse(until))) {
        times.add(ZonedDateTime.ofInstant(at, ZONE).format(SHOWN));
      }
      System.out.printf("  %-10s %s%n", library.getKey(), times.isEmpty() ? "never" : String.join(" ", times));
    }
  }
}
JAVA
java -cp 'lib/*' Nights.java 2>err | tee seen
cat > expected <<'SEEN'
every hour, 2026-11-01 (01:00 comes twice)
  quartz     01T00:00-0400 01T01:00-0500 01T02:00-0500 01T03:00-0500
  spring     01T00:00-0400 01T01:00-0400 01T01:00-0500 01T02:00-0500 01T03:00-0500
  cron-utils 01T00:00-0400 01T01:00-0400 01T01:00-0500 01T02:00-0500 01T03:00-0500
  jobrunr    01T00:00-0400 01T01:00-0400 01T02:00-0500 01T03:00-0500
daily at 01:30, 2026-11-01 (01:30 comes twice)
  quartz     01T01:30-0500
  spring     01T01:30-0400 01T01:30-0500
  cron-utils 01T01:30-0400
  jobrunr    01T01:30-0400
daily at 02:30, 2026-03-08 (there is no 02:30)
  quartz     never
  spring     never
  cron-utils never
  jobrunr    08T03:30-0400
SEEN
echo "quartz 2.5.2, spring-context 7.0.10, cron-utils 9.2.1, jobrunr 8.2.0"
if diff expected seen; then echo "seen: four libraries, three different nights"; else echo "CHANGED"; exit 1; fi
