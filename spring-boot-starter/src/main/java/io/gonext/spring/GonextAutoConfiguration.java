package io.gonext.spring;

import io.gonext.host.AsyncHost;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.MasterKey;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistrySettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import tools.jackson.databind.json.JsonMapper;

/**
 * A plugin host as the bean {@link Host}, set up by {@code gonext.*}.
 *
 * <p>The host is opened when the bean is made, and serves from {@link HostLifecycle} on: in between
 * the application's beans come into being, whatever they need of it.
 */
@AutoConfiguration(
    afterName = {
      "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration",
      "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
      "org.springframework.boot.micrometer.metrics.autoconfigure."
          + "CompositeMeterRegistryAutoConfiguration",
      "org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration",
    })
@ConditionalOnBooleanProperty(name = "gonext.enabled", matchIfMissing = true)
@EnableConfigurationProperties(GonextProperties.class)
public class GonextAutoConfiguration {
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(JdbcConnectionDetails.class)
  static class JdbcConfiguration {
    @Bean
    StoreDatabase.Application gonextApplicationDatabase(
        ObjectProvider<JdbcConnectionDetails> details, ObjectProvider<DataSource> sources) {
      return schema -> {
        JdbcConnectionDetails known = details.getIfUnique();
        DataSource source = sources.getIfUnique();
        if (known == null || source == null) {
          return null;
        }
        if (known.getJdbcUrl().startsWith(StoreDatabase.POSTGRESQL)) {
          try (Connection connection = source.getConnection()) {
            StoreDatabase.createSchema(connection, schema);
          } catch (SQLException e) {
            throw new GonextStartException(
                "the schema " + schema + " cannot be made in the DataSource: " + e.getMessage(), e);
          }
        }
        return new StoreDatabase.Known(
            known.getJdbcUrl(), known.getUsername(), known.getPassword());
      };
    }
  }

  @Bean
  static BeanMethods gonextBeanMethods(ConfigurableListableBeanFactory beans) {
    return new BeanMethods(beans);
  }

  @Bean
  static OfferedFunctions gonextOfferedFunctions(
      BeanMethods methods, ObjectProvider<JsonMapper> mapper) {
    return new OfferedFunctions(methods, () -> mapper.getIfAvailable(JsonMapper::new));
  }

  /** What the host is set up with. */
  @Bean
  @ConditionalOnMissingBean({HostConfig.class, Host.class})
  HostConfig gonextHostConfig(
      GonextProperties properties,
      Environment environment,
      OfferedFunctions functions,
      ObjectProvider<MeterRegistry> meters,
      ObjectProvider<OpenTelemetry> telemetry,
      ObjectProvider<StoreDatabase.Application> application,
      ObjectProvider<GonextHostCustomizer> customizers) {
    Database database =
        StoreDatabase.of(properties.store(), application.getIfAvailable(() -> schema -> null));
    HostConfig.Builder builder =
        HostConfig.builder(Path.of(properties.dataDirectory()))
            .database(database)
            .limits(properties.limits().toOperatorLimits())
            .warmUp(properties.warmUp())
            .hooks(properties.hooks())
            .registries(registries(properties.registries()));
    if (properties.masterKey() != null) {
      String what = "the key of gonext.master-key";
      try {
        builder.masterKey(
            MasterKey.parse(Reference.resolve(what, properties.masterKey(), environment)));
      } catch (IllegalArgumentException e) {
        throw new GonextStartException(what + ": " + e.getMessage(), e);
      }
    }
    if (properties.trust().policyFile() != null) {
      builder.trustFile(Path.of(properties.trust().policyFile()));
    }
    meters.ifUnique(builder::meters);
    telemetry.ifUnique(builder::telemetry);
    functions.all().forEach(builder::function);
    customizers.orderedStream().forEach(customizer -> customizer.customize(builder));
    try {
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new GonextStartException(String.valueOf(e.getMessage()), e);
    }
  }

  private static RegistrySettings registries(GonextProperties.Registries registries) {
    RegistrySettings.Builder builder = RegistrySettings.builder().timeout(registries.timeout());
    try {
      registries.allow().forEach(each -> builder.allow(RegistryPattern.parse(each)));
    } catch (IllegalArgumentException e) {
      throw new GonextStartException("gonext.registries.allow: " + e.getMessage(), e);
    }
    registries.plainHttp().forEach(builder::plainHttp);
    return builder.build();
  }

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  Host gonextHost(HostConfig config) {
    return Host.openIdle(config);
  }

  @Bean
  @ConditionalOnMissingBean
  AsyncHost gonextAsyncHost(Host host) {
    return new AsyncHost(host);
  }

  @Bean
  PluginDeployment gonextPluginDeployment(
      GonextProperties properties,
      ConfigurableApplicationContext context,
      Environment environment) {
    return new PluginDeployment(properties.plugins(), context, environment);
  }

  @Bean
  HostLifecycle gonextHostLifecycle(
      Host host,
      BeanMethods methods,
      ObjectProvider<JsonMapper> mapper,
      PluginDeployment plugins,
      ConfigurableApplicationContext context) {
    OwnHandlers handlers = new OwnHandlers(methods, () -> mapper.getIfAvailable(JsonMapper::new));
    return new HostLifecycle(host, handlers, plugins, context);
  }
}
