package com.example.posts;

import io.gonext.host.AsyncHost;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostFunctionSpec;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Value;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.node.JsonNodeFactory;

/** The host as a bean: opened when the application starts, closed when it stops. */
@Factory
class PluginHost {
  record Post(long id, String title) {}

  @Context
  @Bean(preDestroy = "close")
  Host open(@Value("${posts.data}") String data) throws IOException, InterruptedException {
    HostConfig config =
        HostConfig.builder(Path.of(data))
            .function(
                HostFunctionSpec.builder(
                        "posts.find",
                        call -> {
                          long id = call.request().path("id").asLong();
                          return new Post(id, "Post " + id);
                        })
                    .description("Find a post by its id")
                    .build())
            .build();
    Host host = Host.open(config);
    host.addFilter(
        "posts",
        "the_content",
        1,
        (value, args, turn) -> JsonNodeFactory.instance.stringNode("Hello. " + value.asString()));
    try (InputStream plugin =
        PluginHost.class.getResourceAsStream("/plugins/hello-rust-0.1.0.gnplugin")) {
      host.plugins().deploy(Objects.requireNonNull(plugin).readAllBytes(), Set.of());
    }
    return host;
  }

  /** For the event loop, which must not block. */
  @Singleton
  AsyncHost async(Host host) {
    return new AsyncHost(host);
  }
}
