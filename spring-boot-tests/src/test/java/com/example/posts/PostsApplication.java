package com.example.posts;

import io.gonext.host.Host;
import io.gonext.spring.GonextAction;
import io.gonext.spring.GonextFilter;
import io.gonext.spring.GonextFunction;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
public class PostsApplication {
  public static void main(String[] args) {
    SpringApplication.run(PostsApplication.class, args);
  }

  record Post(long id, String title) {}

  @RestController
  static class Posts {
    private final Map<Long, Integer> shown = new ConcurrentHashMap<>();
    private final Host host;

    Posts(Host host) {
      this.host = host;
    }

    @GetMapping("/posts/{id}")
    Map<String, Object> show(@PathVariable long id) throws InterruptedException {
      String html = host.applyFilters("the_content", "Post *" + id + "*").value().asString();
      host.doAction("post_shown", id);
      return Map.of("html", html, "shown", shown.get(id));
    }

    @GonextFunction(value = "posts.find", description = "Find a post by its id")
    Post find(long id) {
      return new Post(id, "Post " + id);
    }

    @GonextFilter(value = "the_content", priority = 1)
    String greet(String text) {
      return "Hello. " + text;
    }

    @GonextAction("post_shown")
    void count(long id) {
      shown.merge(id, 1, Integer::sum);
    }
  }
}
