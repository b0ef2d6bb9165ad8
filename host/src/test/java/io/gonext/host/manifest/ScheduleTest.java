package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
  private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");

  @Test
  void an_hourly_run_pauses_no_longer_than_an_hour_when_clocks_go_back() {
    assertThat(runs("30 * * * *", NEW_YORK, "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z"))
        .containsExactly(
            "2026-11-01T04:30:00Z",
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:30:00Z",
            "2026-11-01T07:30:00Z");
  }

  @Test
  void a_daily_run_at_a_doubled_time_is_one_run() {
    assertThat(runs("30 1 * * *", NEW_YORK, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"))
        .containsExactly("2026-11-01T05:30:00Z");
  }

  @Test
  void a_daily_run_at_a_time_that_does_not_exist_is_at_the_end_of_the_gap() {
    assertThat(runs("30 2 * * *", NEW_YORK, "2026-03-08T00:00:00Z", "2026-03-09T05:00:00Z"))
        .containsExactly("2026-03-08T07:00:00Z");
  }

  @Test
  void an_hourly_run_goes_on_over_a_gap_of_an_hour() {
    assertThat(runs("30 * * * *", NEW_YORK, "2026-03-08T06:00:00Z", "2026-03-08T09:00:00Z"))
        .containsExactly("2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z", "2026-03-08T08:30:00Z");
  }

  @Test
  void either_day_is_enough_when_both_are_restricted() {
    assertThat(runs("0 0 13 * 5", ZoneOffset.UTC, "2026-03-01T00:00:00Z", "2026-03-15T00:00:00Z"))
        .containsExactly("2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z");
    assertThat(runs("0 0 */7 * 5", ZoneOffset.UTC, "2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z"))
        .isEmpty();
  }

  @Test
  void a_leap_day_is_found_however_far_away() {
    assertThat(
            Schedule.parse("0 0 29 2 *", ZoneOffset.UTC)
                .next(Instant.parse("2096-03-01T00:00:00Z")))
        .contains(Instant.parse("2104-02-29T00:00:00Z"));
  }

  @Test
  void an_interval_runs_at_its_multiples_so_that_all_hosts_agree() {
    Schedule schedule = Schedule.every(Duration.ofMinutes(15));
    assertThat(schedule.next(Instant.parse("2026-01-01T00:00:00Z")))
        .contains(Instant.parse("2026-01-01T00:15:00Z"));
    assertThat(schedule).hasToString("{\"every_ms\":900000}");
    assertThatThrownBy(() -> Schedule.every(Duration.ofSeconds(59)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "@hourly|0 * * * *",
        "@weekly|0 0 * * sun",
        "0 0 * jan-mar mon|0 0 * 1-3 1",
        "*/20 4-6/2 1,15 * 7|0,20,40 4,6 1,15 * 0",
      })
  void names_ranges_and_steps_mean_their_numbers(String text, String same) {
    Instant from = Instant.parse("2026-01-01T00:00:00Z");
    Instant to = from.plus(Duration.ofDays(400));
    assertThat(instants(Schedule.parse(text, ZoneOffset.UTC), from, to))
        .isNotEmpty()
        .isEqualTo(instants(Schedule.parse(same, ZoneOffset.UTC), from, to));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 0 30 2 *|no month that it names has such a day",
        "0 0 31 4,6 *|no month that it names has such a day",
        "* * * *|there are 4 fields",
        "0 0 0 * * *|there are 6 fields",
        "60 * * * *|the minute 60 is not from 0 to 59",
        "0 22-2 * * *|the hour 22-2 ends before it begins",
        "0 0 L * *|the day of the month \"l\" is not a number",
        "0 0 * * 5#2|the day of the week \"5#2\" is not a number",
        "*/0 * * * *|the minute 0 is not from 1 to 59",
        "@reboot|there is no such name",
      })
  void what_is_not_a_schedule_or_never_runs_is_refused(String text, String why) {
    assertThatThrownBy(() -> Schedule.parse(text, ZoneOffset.UTC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  /**
   * Ten years of each zone against the rules written out: minute by minute for two days about each
   * change of the clocks.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Europe/Berlin",
        "Europe/London",
        "Africa/Casablanca",
        "Asia/Tehran",
        "Asia/Kolkata",
        "Asia/Gaza",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Santiago"
      })
  void ten_years_of_a_zone_follow_the_rules(String name) {
    ZoneId zone = ZoneId.of(name);
    List<Instant> changes = new ArrayList<>();
    changes.add(Instant.parse("2015-06-15T12:00:00Z"));
    Instant end = Instant.parse("2025-01-01T00:00:00Z");
    for (ZoneOffsetTransition change =
            zone.getRules().nextTransition(Instant.parse("2011-12-01T00:00:00Z"));
        change != null && change.getInstant().isBefore(end);
        change = zone.getRules().nextTransition(change.getInstant())) {
      changes.add(change.getInstant());
    }
    for (String text :
        List.of(
            "0 * * * *",
            "45 * * * *",
            "30 2 * * *",
            "0 0 * * *",
            "15,45 1-3 * * *",
            "30 23 * * 6,0")) {
      Schedule schedule = Schedule.parse(text, zone);
      for (Instant change : changes) {
        Instant from = change.minus(Duration.ofHours(26));
        Instant to = change.plus(Duration.ofHours(26));
        assertThat(instants(schedule, from, to))
            .as("%s in %s about %s", text, name, change)
            .isEqualTo(expected(text, zone, from, to));
      }
    }
  }

  /** The rules of {@link Schedule}, minute by minute, for the few schedules above. */
  private static List<Instant> expected(String text, ZoneId zone, Instant from, Instant to) {
    String[] fields = text.split(" ", -1);
    boolean everyHour = fields[1].equals("*");
    TreeSet<Instant> runs = new TreeSet<>();
    TreeSet<LocalDateTime> done = new TreeSet<>();
    // From far enough before: of a doubled time, the first one counts.
    for (Instant at = from.minus(Duration.ofDays(2));
        !at.isAfter(to);
        at = at.plus(Duration.ofMinutes(1))) {
      ZonedDateTime local = at.atZone(zone);
      if (matches(fields, local.toLocalDateTime())
          && (done.add(local.toLocalDateTime()) || everyHour)) {
        runs.add(at);
      }
      LocalDateTime before = at.minusSeconds(60).atZone(zone).toLocalDateTime().plusMinutes(1);
      boolean wholeHours = Duration.between(before, local.toLocalDateTime()).toMinutes() % 60 == 0;
      for (LocalDateTime skipped = before;
          skipped.isBefore(local.toLocalDateTime());
          skipped = skipped.plusMinutes(1)) {
        if (matches(fields, skipped) && (!everyHour || !wholeHours)) {
          runs.add(at);
        }
      }
    }
    return List.copyOf(runs.subSet(from, false, to, true));
  }

  private static boolean matches(String[] fields, LocalDateTime time) {
    return has(fields[0], time.getMinute())
        && has(fields[1], time.getHour())
        && (fields[4].equals("*")
            || time.getDayOfWeek() == DayOfWeek.SATURDAY
            || time.getDayOfWeek() == DayOfWeek.SUNDAY);
  }

  private static boolean has(String field, int value) {
    return switch (field) {
      case "*" -> true;
      case "1-3" -> value >= 1 && value <= 3;
      default -> List.of(field.split(",", -1)).contains(Integer.toString(value));
    };
  }

  private static List<String> runs(String text, ZoneId zone, String from, String to) {
    return instants(Schedule.parse(text, zone), Instant.parse(from), Instant.parse(to)).stream()
        .map(Instant::toString)
        .toList();
  }

  private static List<Instant> instants(Schedule schedule, Instant from, Instant to) {
    List<Instant> runs = new ArrayList<>();
    for (Instant run = schedule.next(from).orElseThrow();
        !run.isAfter(to);
        run = schedule.next(run).orElseThrow()) {
      runs.add(run);
    }
    return runs;
  }
}
