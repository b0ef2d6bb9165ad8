package io.gonext.spring.test;

import io.gonext.spring.GonextAction;
import io.gonext.spring.GonextFilter;
import io.gonext.spring.GonextFunction;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.TypeExcludeFilter;
import org.springframework.core.type.classreading.MetadataReader;
import org.springframework.core.type.classreading.MetadataReaderFactory;

/** Leaves out the components that offer nothing to plugins. */
final class OfferedTypes extends TypeExcludeFilter {
  private static final List<String> ANNOTATIONS =
      List.of(
          GonextFunction.class.getName(),
          GonextFilter.class.getName(),
          GonextAction.class.getName());

  @Override
  public boolean match(MetadataReader reader, MetadataReaderFactory readers) {
    return ANNOTATIONS.stream().noneMatch(reader.getAnnotationMetadata()::hasAnnotatedMethods);
  }

  // Contexts of tests with equal filters are shared.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof OfferedTypes;
  }

  @Override
  public int hashCode() {
    return OfferedTypes.class.hashCode();
  }
}
