package io.gonext.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 1/60}: how many seconds a circuit breaker stays open. */
final class OpenTimesConverter implements ITypeConverter<OpenTimesConverter.OpenTimes> {
  private static final Pattern TIMES = Pattern.compile("([1-9][0-9]{0,3})/([1-9][0-9]{0,3})");

  /** How long a circuit breaker stays open the first time, and at most. */
  record OpenTimes(Duration shortest, Duration longest) {}

  @Override
  public OpenTimes convert(String value) {
    Matcher times = TIMES.matcher(value);
    if (!times.matches() || Integer.parseInt(times.group(1)) > Integer.parseInt(times.group(2))) {
      throw new TypeConversionException(
          "'" + value + "' is not SHORTEST/LONGEST in seconds, such as 1/60; at most 9999 each");
    }
    return new OpenTimes(
        Duration.ofSeconds(Integer.parseInt(times.group(1))),
        Duration.ofSeconds(Integer.parseInt(times.group(2))));
  }
}
