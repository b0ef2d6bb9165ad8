package io.gonext.host.manifest;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * When something happens again and again: five fields of cron in a time zone, or a fixed interval.
 * Immutable.
 *
 * <p>A day matches if the day of the month or the day of the week matches, where both are
 * restricted; otherwise both have to match. Where clocks change:
 *
 * <ul>
 *   <li>A schedule that takes every hour goes by the clock: it runs in both of two equal hours. It
 *       runs at the end of a gap only if the gap is not a whole number of hours, because otherwise
 *       the run before the gap and the run after it are an hour apart.
 *   <li>A schedule that takes certain hours runs once for each time of the day: at the first of two
 *       equal times, and at the end of the gap for a time that does not exist.
 * </ul>
 *
 * Runs that fall on the same instant are one run.
 */
public final class Schedule {
  /** The zone of a schedule that names none. */
  public static final ZoneId UTC = ZoneId.of("UTC");

  /** Nothing runs more often. */
  public static final Duration SHORTEST = Duration.ofMinutes(1);

  /** The longest interval. */
  public static final Duration LONGEST = Duration.ofDays(366);

  /** 29 February may be eight years away, and on a certain day of the week up to forty. */
  private static final int MAX_DAYS = 366 * 41;

  private static final Map<String, String> NAMES =
      Map.of(
          "@hourly", "0 * * * *",
          "@daily", "0 0 * * *",
          "@midnight", "0 0 * * *",
          "@weekly", "0 0 * * 0",
          "@monthly", "0 0 1 * *",
          "@yearly", "0 0 1 1 *",
          "@annually", "0 0 1 1 *");

  private static final List<String> MONTHS =
      List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");

  private static final List<String> DAYS = List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat");

  /** As it was written. */
  private final String text;

  private final ZoneId zone;

  /** Zero for five fields. */
  private final Duration interval;

  private final BitSet minutes;
  private final BitSet hours;
  private final BitSet daysOfMonth;
  private final BitSet months;

  /** From 0, Sunday, to 6. */
  private final BitSet daysOfWeek;

  /** Whether one of the two fields for days is enough. */
  private final boolean eitherDay;

  private Schedule(
      String text, ZoneId zone, Duration interval, List<BitSet> fields, boolean either) {
    this.text = text;
    this.zone = zone;
    this.interval = interval;
    this.minutes = fields.get(0);
    this.hours = fields.get(1);
    this.daysOfMonth = fields.get(2);
    this.months = fields.get(3);
    this.daysOfWeek = fields.get(4);
    this.eitherDay = either;
  }

  /**
   * A fixed interval: at each of its multiples since 1970, so that all hosts agree.
   *
   * @throws IllegalArgumentException when it is shorter than {@link #SHORTEST} or longer than
   *     {@link #LONGEST}
   */
  public static Schedule every(Duration interval) {
    if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "every_ms must be from " + SHORTEST.toMillis() + " to " + LONGEST.toMillis());
    }
    BitSet none = new BitSet();
    return new Schedule(
        "{\"every_ms\":" + interval.toMillis() + "}",
        UTC,
        interval,
        List.of(none, none, none, none, none),
        false);
  }

  /**
   * Five fields of cron, or a name such as {@code @hourly}.
   *
   * @throws IllegalArgumentException with a sentence when it is not a schedule, or never runs
   */
  public static Schedule parse(String text, ZoneId zone) {
    String trimmed = text.strip().toLowerCase(Locale.ROOT);
    if (trimmed.startsWith("@") && !NAMES.containsKey(trimmed)) {
      throw new IllegalArgumentException(
          "there is no such name; there are " + new TreeSet<>(NAMES.keySet()));
    }
    String[] fields = NAMES.getOrDefault(trimmed, trimmed).split("[ \t]+", -1);
    if (fields.length != 5) {
      throw new IllegalArgumentException(
          "there are %d fields, and a schedule has five: minute, hour, day of the month, month, day of the week"
              .formatted(fields.length));
    }
    BitSet minutes = field("minute", fields[0], 0, 59, List.of());
    BitSet hours = field("hour", fields[1], 0, 23, List.of());
    BitSet daysOfMonth = field("day of the month", fields[2], 1, 31, List.of());
    BitSet months = field("month", fields[3], 1, 12, MONTHS);
    BitSet daysOfWeek = field("day of the week", fields[4], 0, 7, DAYS);
    if (daysOfWeek.get(7)) {
      daysOfWeek.clear(7);
      daysOfWeek.set(0);
    }
    boolean either = !fields[2].startsWith("*") && !fields[4].startsWith("*");
    if (!either && !hasDay(daysOfMonth, months)) {
      throw new IllegalArgumentException("no month that it names has such a day");
    }
    return new Schedule(
        text.strip(),
        zone,
        Duration.ZERO,
        List.of(minutes, hours, daysOfMonth, months, daysOfWeek),
        either);
  }

  /** A zone by its name; empty if there is none. */
  public static Optional<ZoneId> zone(String name) {
    try {
      return Optional.of(ZoneId.of(name));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static boolean hasDay(BitSet daysOfMonth, BitSet months) {
    return months.stream()
        .anyMatch(month -> daysOfMonth.nextSetBit(0) <= Month.of(month).maxLength());
  }

  private static BitSet field(String name, String text, int least, int most, List<String> names) {
    BitSet values = new BitSet();
    for (String part : text.split(",", -1)) {
      String[] range = part.split("/", -1);
      if (range.length > 2) {
        throw unreadable(name, part);
      }
      int step = range.length == 1 ? 1 : number(name, range[1], 1, most, List.of());
      int first;
      int last;
      if (range[0].equals("*")) {
        first = least;
        // Sunday has two numbers, and a step counts it once.
        last = name.equals("day of the week") ? 6 : most;
      } else {
        String[] ends = range[0].split("-", -1);
        if (ends.length > 2) {
          throw unreadable(name, part);
        }
        first = number(name, ends[0], least, most, names);
        last =
            ends.length == 2
                ? number(name, ends[1], least, most, names)
                : range.length == 2 ? most : first;
        if (last < first) {
          throw new IllegalArgumentException(
              "the %s %s ends before it begins".formatted(name, part));
        }
      }
      for (int value = first; value <= last; value += step) {
        values.set(value);
      }
    }
    return values;
  }

  private static int number(String field, String text, int least, int most, List<String> names) {
    int named = names.indexOf(text);
    if (named >= 0) {
      return named + least;
    }
    if (!text.matches("[0-9]{1,3}")) {
      throw unreadable(field, text);
    }
    int value = Integer.parseInt(text);
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "the %s %d is not from %d to %d".formatted(field, value, least, most));
    }
    return value;
  }

  private static IllegalArgumentException unreadable(String field, String text) {
    return new IllegalArgumentException(
        "the %s \"%s\" is not a number, a range such as 1-5, a list or a step such as */5"
            .formatted(field, text));
  }

  /** The zone of five fields; UTC for an interval. */
  public ZoneId zone() {
    return zone;
  }

  /** As it was written. */
  @Override
  public String toString() {
    return text;
  }

  /** The first run after an instant; empty only beyond what clocks can show. */
  public Optional<Instant> next(Instant after) {
    if (!interval.isZero()) {
      long millis = interval.toMillis();
      return Optional.of(
          Instant.ofEpochMilli((Math.floorDiv(after.toEpochMilli(), millis) + 1) * millis));
    }
    // From the day before: its last runs may be moved to the end of a gap at midnight.
    LocalDate day = after.atZone(zone).toLocalDate().minusDays(1);
    for (int i = 0; i < MAX_DAYS; i++, day = day.plusDays(1)) {
      if (matches(day)) {
        Optional<Instant> run = firstRun(day, after);
        if (run.isPresent()) {
          return run;
        }
      }
    }
    return Optional.empty();
  }

  private boolean matches(LocalDate day) {
    boolean ofMonth = daysOfMonth.get(day.getDayOfMonth());
    boolean ofWeek = daysOfWeek.get(day.getDayOfWeek().getValue() % 7);
    return months.get(day.getMonthValue()) && (eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek);
  }

  private Optional<Instant> firstRun(LocalDate day, Instant after) {
    ZoneRules rules = zone.getRules();
    ZoneOffset before = rules.getOffset(day.atStartOfDay());
    if (changesAbout(day, rules, before)) {
      TreeSet<Instant> runs = new TreeSet<>();
      forEachTime(day, time -> runs.addAll(instants(rules, time)));
      return Optional.ofNullable(runs.higher(after));
    }
    LocalDateTime local = LocalDateTime.ofInstant(after, before);
    if (local.toLocalDate().isAfter(day)) {
      return Optional.empty();
    }
    LocalTime from =
        local.toLocalDate().isBefore(day)
            ? LocalTime.MIDNIGHT
            : local.toLocalTime().truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
    if (from.equals(LocalTime.MIDNIGHT) && !local.toLocalDate().isBefore(day)) {
      return Optional.empty();
    }
    for (int hour = hours.nextSetBit(from.getHour());
        hour >= 0;
        hour = hours.nextSetBit(hour + 1)) {
      int minute = minutes.nextSetBit(hour == from.getHour() ? from.getMinute() : 0);
      if (minute >= 0) {
        return Optional.of(day.atTime(hour, minute).toInstant(before));
      }
    }
    return Optional.empty();
  }

  private static boolean changesAbout(LocalDate day, ZoneRules rules, ZoneOffset before) {
    ZoneOffsetTransition next =
        rules.nextTransition(day.minusDays(1).atStartOfDay().toInstant(before));
    return next != null
        && next.getInstant().isBefore(day.plusDays(2).atStartOfDay().toInstant(before));
  }

  private void forEachTime(LocalDate day, Consumer<LocalDateTime> each) {
    hours.stream()
        .forEach(hour -> minutes.stream().forEach(minute -> each.accept(day.atTime(hour, minute))));
  }

  /** When a local time is, if at all. */
  private List<Instant> instants(ZoneRules rules, LocalDateTime time) {
    boolean everyHour = hours.cardinality() == 24;
    List<ZoneOffset> offsets = rules.getValidOffsets(time);
    List<Instant> instants = new ArrayList<>(2);
    if (offsets.isEmpty()) {
      ZoneOffsetTransition gap = rules.getTransition(time);
      if (!everyHour || gap.getDuration().toMinutes() % 60 != 0) {
        instants.add(gap.getInstant());
      }
    } else if (everyHour) {
      offsets.forEach(offset -> instants.add(time.toInstant(offset)));
    } else {
      instants.add(time.toInstant(offsets.getFirst()));
    }
    return instants;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Schedule that && text.equals(that.text) && zone.equals(that.zone);
  }

  @Override
  public int hashCode() {
    return text.hashCode() * 31 + zone.hashCode();
  }
}
