package io.gonext.cli;

import io.gonext.host.BreakerPolicy;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 50/20/30}, or {@code off}. */
final class BreakerConverter implements ITypeConverter<BreakerPolicy> {
  private static final Pattern POLICY =
      Pattern.compile("(100|[1-9][0-9]?)/([1-9][0-9]{0,5})/([1-9][0-9]{0,2})");

  @Override
  public BreakerPolicy convert(String value) {
    if (value.equals("off")) {
      return BreakerPolicy.OFF;
    }
    Matcher policy = POLICY.matcher(value);
    if (!policy.matches() || Integer.parseInt(policy.group(3)) > 600) {
      throw new TypeConversionException(
          "'"
              + value
              + "' is neither PERCENT/CALLS/SECONDS, such as 50/20/30, nor 'off'; at most 100"
              + " percent and 600 seconds");
    }
    return BreakerPolicy.DEFAULT.withThreshold(
        Integer.parseInt(policy.group(1)),
        Integer.parseInt(policy.group(2)),
        Duration.ofSeconds(Integer.parseInt(policy.group(3))));
  }
}
