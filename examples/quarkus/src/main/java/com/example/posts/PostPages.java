package com.example.posts;

import io.gonext.host.Host;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import org.jboss.resteasy.reactive.RestPath;

/** A page whose text plugins may change. */
@Path("/posts")
class PostPages {
  private final Host host;

  PostPages(Host host) {
    this.host = host;
  }

  // Not a CompletionStage: Quarkus runs it on a worker thread, which may block.
  @GET
  @Path("{id}")
  public String show(@RestPath long id) throws InterruptedException {
    return host.applyFilters("the_content", "Post *" + id + "*").value().asString();
  }
}
