#!/usr/bin/env bash
# One expects: cron-utils' definitions SPRING53 and QUARTZ take what Spring's and Quartz's own parsers take, with the same meaning. Their names say so.
# What happens: two ordinary lines mean other times. `*/2` as a day of the week is Monday, Wednesday, Friday, Sunday to Spring and the other three days
# plus Sunday to SPRING53. `22-2` as hours is 22:00 to 02:00 to Quartz, and QUARTZ takes the line but runs it at 22:00 alone.
# Why it matters: a line that was checked by the "same" dialect in one service does not run, or runs at other times, in the next.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>org.quartz-scheduler</groupId><artifactId>quartz</artifactId><version>2.5.2</version></dependency>
<dependency><groupId>org.springframework</groupId><artifactId>spring-context</artifactId><version>7.0.10</version></dependency>
<dependency><groupId>com.cronutils</groupId><artifactId>cron-utils</artifactId><version>9.2.1</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { tail -n 20 mvn.log; exit 2; }
cat > Dialects.java <<'JAVA'
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Date;
import java.util.TimeZone;
import org.quartz.CronExpression;

class Dialects {
  interface Next { ZonedDateTime after(ZonedDateTime at) throws Exception; }
  interface Parse { Next line(String line) throws Exception; }

  public static void main(String[] args) {
    for (String line : new String[] {"0 0 4 * * */2", "0 0 4 1 * MON"}) {
      show(line, "spring", l -> {
        var cron = org.springframework.scheduling.support.CronExpression.parse(l);
        return cron::next;
      });
      show(line, "SPRING53", l -> utils(CronType.SPRING53, l));
    }
    for (String line : new String[] {"0 0 22-2 * * ?", "0 0 4 ? * */2"}) {
      show(line, "quartz", l -> {
        var cron = new CronExpression(l);
        cron.setTimeZone(TimeZone.getTimeZone("UTC"));
        return at -> {
          Date next = cron.getNextValidTimeAfter(Date.from(at.toInstant()));
          return next == null ? null : next.toInstant().atZone(ZoneId.of("UTC"));
        };
      });
      show(line, "QUARTZ", l -> utils(CronType.QUARTZ, l));
    }
  }

  static Next utils(CronType type, String line) {
    var times = ExecutionTime.forCron(new CronParser(CronDefinitionBuilder.instanceDefinitionFor(type)).parse(line));
    return at -> times.nextExecution(at).orElse(null);
  }

  static void show(String line, String library, Parse parse) {
    StringBuilder shown = new StringBuilder();
    try {
      Next next = parse.line(line);
      ZonedDateTime at = ZonedDateTime.parse("2026-11-29T12:00Z[UTC]");
      for (int i = 0; i < 5; i++) {
        at = next.after(at);
        if (at == null) {
          shown.append(" never");
          break;
        }
        shown.append(' ').append(at.format(DateTimeFormatter.ofPattern("EEE-yyyy-MM-dd'T'HH")));
      }
    } catch (Exception e) {
      shown.append(" refused");
    }
    System.out.printf("%-16s %-9s%s%n", line, library, shown);
  }
}
JAVA
java -cp 'lib/*' Dialects.java 2>err | tee seen
cat > expected <<'SEEN'
0 0 4 * * */2    spring    Mon-2026-11-30T04 Wed-2026-12-02T04 Fri-2026-12-04T04 Sun-2026-12-06T04 Mon-2026-12-07T04
0 0 4 * * */2    SPRING53  Tue-2026-12-01T04 Thu-2026-12-03T04 Sat-2026-12-05T04 Sun-2026-12-06T04 Tue-2026-12-08T04
0 0 4 1 * MON    spring    Mon-2027-02-01T04 Mon-2027-03-01T04 Mon-2027-11-01T04 Mon-2028-05-01T04 Mon-2029-01-01T04
0 0 4 1 * MON    SPRING53  Mon-2027-02-01T04 Mon-2027-03-01T04 Mon-2027-11-01T04 Mon-2028-05-01T04 Mon-2029-01-01T04
0 0 22-2 * * ?   quartz    Sun-2026-11-29T22 Sun-2026-11-29T23 Mon-2026-11-30T00 Mon-2026-11-30T01 Mon-2026-11-30T02
0 0 22-2 * * ?   QUARTZ    Sun-2026-11-29T22 Mon-2026-11-30T22 Tue-2026-12-01T22 Wed-2026-12-02T22 Thu-2026-12-03T22
0 0 4 ? * */2    quartz    Tue-2026-12-01T04 Thu-2026-12-03T04 Sat-2026-12-05T04 Sun-2026-12-06T04 Tue-2026-12-08T04
0 0 4 ? * */2    QUARTZ    Tue-2026-12-01T04 Thu-2026-12-03T04 Sat-2026-12-05T04 Sun-2026-12-06T04 Tue-2026-12-08T04
SEEN
echo "quartz 2.5.2, spring-context 7.0.10, cron-utils 9.2.1"
if diff expected seen; then echo "seen: SPRING53 and QUARTZ differ from Spring and Quartz"; else echo "CHANGED"; exit 1; fi
