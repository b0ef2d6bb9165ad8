package io.gonext.spring;

import io.gonext.host.Host;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The health of the host, and its plugins as the endpoint {@code gonext}. */
@AutoConfiguration(after = GonextAutoConfiguration.class)
@ConditionalOnBean(Host.class)
public class GonextActuatorAutoConfiguration {
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
  static class HealthConfiguration {
    @Bean
    @ConditionalOnEnabledHealthIndicator("gonext")
    @ConditionalOnMissingBean(name = "gonextHealthIndicator")
    HostHealth gonextHealthIndicator(Host host, PluginDeployment plugins) {
      return new HostHealth(host, plugins);
    }
  }

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
  static class EndpointConfiguration {
    @Bean
    @ConditionalOnAvailableEndpoint(GonextEndpoint.class)
    @ConditionalOnMissingBean
    GonextEndpoint gonextEndpoint(Host host) {
      return new GonextEndpoint(host);
    }
  }
}
