package io.gonext.spring;

import io.gonext.host.HostConfig;

/**
 * A bean that changes how the host is set up, after the properties {@code gonext.*} and in the
 * order of {@code @Order}: for what has no property.
 */
@FunctionalInterface
public interface GonextHostCustomizer {
  /** Called once, before the host is opened. */
  void customize(HostConfig.Builder builder);
}
