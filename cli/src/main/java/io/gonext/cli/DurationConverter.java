package io.gonext.cli;

import io.gonext.host.HostConfig;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 10s}, {@code 500ms}, {@code 2m} or {@code 0}: how long the host may warm up. */
final class DurationConverter implements ITypeConverter<Duration> {
  private static final Pattern TIME = Pattern.compile("0|([0-9]{1,7})(ms|s|m)");
  private static final Duration MOST = Duration.ofHours(1);

  @Override
  public Duration convert(String value) {
    if (value.isEmpty()) {
      return HostConfig.DEFAULT_WARM_UP; // a variable without a value
    }
    Matcher time = TIME.matcher(value);
    Duration read = MOST.plusSeconds(1);
    if (time.matches()) {
      read = time.group(2) == null ? Duration.ZERO : of(time.group(1), time.group(2));
    }
    if (read.compareTo(MOST) > 0) {
      throw new TypeConversionException(
          "'" + value + "' is not a time such as 10s, 500ms or 2m, at most 60m; or 0");
    }
    return read;
  }

  private static Duration of(String number, String unit) {
    long count = Long.parseLong(number);
    return switch (unit) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      default -> Duration.ofMinutes(count);
    };
  }
}
