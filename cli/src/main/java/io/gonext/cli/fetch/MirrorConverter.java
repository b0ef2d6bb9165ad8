package io.gonext.cli.fetch;

import io.gonext.host.registry.RegistryMirror;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code REGISTRY=MIRROR}. */
public final class MirrorConverter implements ITypeConverter<RegistryMirror> {
  @Override
  public RegistryMirror convert(String text) {
    try {
      return RegistryMirror.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
