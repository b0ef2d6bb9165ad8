package io.gonext.cli;

import io.gonext.host.RouteRate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 2000/1000} or {@code off}. */
final class RouteRateConverter implements ITypeConverter<RouteRate> {
  private static final Pattern RATE = Pattern.compile("([1-9][0-9]{0,8})/([1-9][0-9]{0,8})");

  @Override
  public RouteRate convert(String value) {
    if (value.equals("off")) {
      return RouteRate.UNLIMITED;
    }
    Matcher rate = RATE.matcher(value);
    if (!rate.matches()) {
      throw new TypeConversionException(
          "'" + value + "' is neither BURST/PER_SECOND, such as 2000/1000, nor 'off'");
    }
    return new RouteRate(Long.parseLong(rate.group(1)), Long.parseLong(rate.group(2)));
  }
}
