package io.gonext.cli;

import io.gonext.host.registry.RegistryPattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code HOST}, {@code HOST:PORT}, {@code HOST/REPOSITORY} or {@code *.DOMAIN}. */
final class RegistryPatternConverter implements ITypeConverter<RegistryPattern> {
  @Override
  public RegistryPattern convert(String text) {
    try {
      return RegistryPattern.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
