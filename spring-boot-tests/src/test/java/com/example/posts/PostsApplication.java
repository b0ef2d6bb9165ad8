package com.example.posts;

import io.gonext.host.Host;
import io.gonext.spring.GonextFilter;
import io.gonext.spring.GonextFunction;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.stereotype.Component;
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
  record Pages(Host host) {
    @GetMapping("/posts/{id}")
    String show(@PathVariable long id) throws InterruptedException {
      return host.applyFilters("the_content", "Post *" + id + "*").value().asString();
    }
  }

  @Component
  static class Posts {
    @GonextFunction(value = "posts.find", description = "Find a post by its id")
    Post find(long id) {
      return new Post(id, "Post " + id);
    }

    @GonextFilter(value = "the_content", priority = 1)
    String greet(String text) {
      return "Hello. " + text;
    }
  }
}
