package com.example.posts;

import io.gonext.host.AsyncHost;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostFunctionSpec;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import tools.jackson.databind.node.JsonNodeFactory;

/** The host as a bean: opened when the application starts, closed when it stops. */
@Singleton
class PluginHost {
  record Post(long id, String title) {}

  @Produces
  @Singleton
  @Startup
  Host open(@ConfigProperty(name = "posts.data") Path data)
      throws IOException, InterruptedException {
    HostConfig config =
        HostConfig.builder(data)
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

  void close(@Disposes Host host) {
    host.close();
  }

  /** For the event loop, which must not block. */
  @Produces
  @Singleton
  AsyncHost async(Host host) {
    return new AsyncHost(host);
  }
}
