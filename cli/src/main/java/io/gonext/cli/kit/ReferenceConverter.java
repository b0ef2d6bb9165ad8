package io.gonext.cli.kit;

import io.gonext.host.RegistryException;
import io.gonext.host.registry.OciReference;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code oci://HOST/REPOSITORY:TAG}. */
final class ReferenceConverter implements ITypeConverter<OciReference> {
  @Override
  public OciReference convert(String text) {
    try {
      return OciReference.parse(text);
    } catch (RegistryException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
