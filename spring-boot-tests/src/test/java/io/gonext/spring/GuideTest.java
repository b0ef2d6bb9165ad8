package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.posts.PostsApplication;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** The application of docs/spring-boot.md, as it stands there. */
class GuideTest {
  @TempDir Path directory;

  @Test
  void the_application_of_the_guide_answers_what_the_guide_says() throws Exception {
    try (ConfigurableApplicationContext context =
            new SpringApplication(PostsApplication.class)
                .run(
                    "--server.port=0",
                    "--gonext.data-directory=" + directory,
                    "--gonext.plugins.hello-rust.location="
                        + "classpath:plugins/hello-rust-0.1.0.gnplugin",
                    "--spring.security.user.name=ada",
                    "--spring.security.user.password=secret",
                    "--spring.autoconfigure.exclude="
                        + "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration");
        HttpClient client = HttpClient.newHttpClient()) {
      int port = ((WebServerApplicationContext) context).getWebServer().getPort();
      String answer =
          client
              .send(
                  HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/posts/7"))
                      .header("Authorization", "Basic YWRhOnNlY3JldA==")
                      .build(),
                  BodyHandlers.ofString())
              .body();
      assertThat(answer).contains("Hello. Post <strong>7</strong>", "\"shown\":1");
    }
  }
}
