package io.gonext.spring.test;

import io.gonext.host.Host;
import io.gonext.spring.GonextAutoConfiguration;
import io.gonext.spring.OfferedFunctions;
import io.gonext.testkit.TestHost;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/** A host for a test in place of the application's. */
@AutoConfiguration(before = GonextAutoConfiguration.class)
class TestHostAutoConfiguration {
  @Bean(destroyMethod = "close")
  TestHost gonextTestHost(OfferedFunctions functions) {
    return TestHost.builder()
        .configure(config -> {
          functions.all().forEach(config::function);
          return config;
        })
        .build();
  }

  // The host is closed by its test host, which deletes its directory.
  @Bean(destroyMethod = "")
  Host gonextHost(TestHost host) {
    return host.host();
  }
}
