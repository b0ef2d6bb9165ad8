package io.gonext.cli.profile;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time such as {@code 10s}, {@code 500ms} or {@code 2m}, from a millisecond to an hour. */
public final class TimeConverter implements ITypeConverter<Duration> {
  private static final Pattern TIME = Pattern.compile("([0-9]{1,7})(ms|s|m)");
  private static final Duration MOST = Duration.ofHours(1);

  @Override
  public Duration convert(String text) {
    Matcher matched = TIME.matcher(text);
    if (matched.matches()) {
      long number = Long.parseLong(matched.group(1));
      Duration time =
          switch (matched.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
          };
      if (time.isPositive() && time.compareTo(MOST) <= 0) {
        return time;
      }
    }
    throw new TypeConversionException(
        "'" + text + "' is not a time up to an hour: give one such as 10s or 500ms");
  }
}
