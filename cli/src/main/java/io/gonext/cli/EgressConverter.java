package io.gonext.cli;

import io.gonext.host.Egress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 10.0.0.0/8:8080}. */
final class EgressConverter implements ITypeConverter<Egress.Allowed> {
  @Override
  public Egress.Allowed convert(String value) {
    try {
      return Egress.Allowed.parse(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(
          "'" + value + "' is not a range of addresses such as 10.0.0.0/8:8080 or [fd00::/8]:8080");
    }
  }
}
