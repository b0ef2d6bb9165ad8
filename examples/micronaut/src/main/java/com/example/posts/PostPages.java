package com.example.posts;

import io.gonext.host.Host;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Produces;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;

/** A page whose text plugins may change. */
@Controller("/posts")
class PostPages {
  private final Host host;

  PostPages(Host host) {
    this.host = host;
  }

  // A virtual thread where there are some: the call may block.
  @Get("/{id}")
  @Produces(MediaType.TEXT_PLAIN)
  @ExecuteOn(TaskExecutors.BLOCKING)
  String show(long id) throws InterruptedException {
    return host.applyFilters("the_content", "Post *" + id + "*").value().asString();
  }
}
