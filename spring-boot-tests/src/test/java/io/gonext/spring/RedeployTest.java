package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.posts.PostsApplication;
import io.gonext.host.Host;
import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.DefaultResourceLoader;

/**
 * What DevTools does at each restart: the application and the starter get a new class loader, in
 * the same JVM, above the libraries.
 */
@Tag("slow")
class RedeployTest {
  private static final int TIMES = Integer.getInteger("gonext.test.restarts", 20);

  @TempDir Path directory;

  /** Loads the application and the starter itself, all else from the JVM's class path. */
  private static final class Restarted extends URLClassLoader {
    Restarted(URL... urls) {
      super("restarted", urls, RedeployTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("com.example.") && !name.startsWith("io.gonext.spring.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }

  @Test
  void an_application_that_is_restarted_twenty_times_leaves_no_class_loader() throws Exception {
    // Threads of the JDK, which live as long as the JVM, keep the loader of whoever comes first.
    ClassLoader lasting = PostsApplication.class.getClassLoader();
    run(lasting);
    List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    for (int i = 0; i < TIMES; i++) {
      loaders.add(deployed());
    }
    // Spring Boot's Logback keeps the environment of whoever comes last.
    run(lasting);
    assertThat(loaders).hasSize(TIMES);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(() -> {
          System.gc();
          List<Integer> left =
              IntStream.range(0, TIMES).filter(i -> loaders.get(i).get() != null).boxed().toList();
          assertThat(left).as("threads that hold one: %s", holders()).isEmpty();
        });
  }

  /** The threads with such a context class loader, for whoever has to find the leak. */
  private static List<String> holders() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getContextClassLoader() instanceof Restarted)
        .map(Thread::getName)
        .toList();
  }

  /** Starts the application, asks it, and stops it, on a thread of its own. */
  private WeakReference<ClassLoader> deployed() throws Exception {
    Restarted loader =
        new Restarted(
            locationOf(PostsApplication.class), locationOf(GonextAutoConfiguration.class));
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread main =
        Thread.ofPlatform()
            .unstarted(() -> {
              try {
                run(loader);
              } catch (Throwable e) {
                failure.set(e);
              }
            });
    main.setContextClassLoader(loader);
    main.start();
    main.join();
    if (failure.get() != null) {
      throw new AssertionError(failure.get());
    }
    loader.close();
    return new WeakReference<>(loader);
  }

  private void run(ClassLoader loader) throws Exception {
    Class<?> application = loader.loadClass(PostsApplication.class.getName());
    assertThat(application.getClassLoader()).isSameAs(loader);
    try (ConfigurableApplicationContext context =
            new SpringApplication(new DefaultResourceLoader(loader), application)
                .run(
                    "--server.port=0",
                    "--spring.main.banner-mode=off",
                    "--logging.level.root=warn",
                    "--gonext.data-directory=" + directory,
                    "--gonext.warm-up=0s",
                    "--gonext.plugins.hello-rust.location="
                        + "classpath:plugins/hello-rust-0.1.0.gnplugin",
                    "--management.endpoints.web.exposure.include=health,gonext",
                    "--spring.security.user.name=ada",
                    "--spring.security.user.password=secret",
                    "--spring.autoconfigure.exclude="
                        + "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration");
        HttpClient client = HttpClient.newHttpClient()) {
      // A value of the application's own class.
      Constructor<?> post =
          loader
              .loadClass(PostsApplication.class.getName() + "$Post")
              .getDeclaredConstructor(long.class, String.class);
      post.setAccessible(true);
      assertThat(
              context
                  .getBean(Host.class)
                  .applyFilters("none", post.newInstance(7, "seven"))
                  .value()
                  .toString())
          .isEqualTo("{\"id\":7,\"title\":\"seven\"}");
      int port = ((WebServerApplicationContext) context).getWebServer().getPort();
      for (String path : List.of("/posts/7", "/actuator/gonext")) {
        String answer =
            client
                .send(
                    HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .header("Authorization", "Basic YWRhOnNlY3JldA==")
                        .build(),
                    BodyHandlers.ofString())
                .body();
        assertThat(answer).contains(path.equals("/posts/7") ? "<strong>7</strong>" : "posts.find");
      }
    }
  }

  private static URL locationOf(Class<?> type) {
    return type.getProtectionDomain().getCodeSource().getLocation();
  }
}
