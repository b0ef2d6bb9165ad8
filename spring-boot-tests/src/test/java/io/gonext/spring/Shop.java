package io.gonext.spring;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.gonext.host.Host;
import io.gonext.host.HostFunctionCall;
import io.gonext.host.hook.HookTurn;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** An application that uses all of the starter. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({Shop.Catalogue.class, Shop.Pages.class})
class Shop {
  record Item(long id, @JsonProperty("on_sale") LocalDate onSale) {}

  /** What plugins may ask, without anything of the web. */
  static class Catalogue {
    final List<String> sold = new CopyOnWriteArrayList<>();

    @GonextFunction(value = "items.find", description = "Find an item by its id")
    Item find(long id) {
      return new Item(id, LocalDate.of(2026, 1, 2));
    }

    @GonextFunction(value = "items.search", capability = "items.find")
    List<String> search(String text, int limit, HostFunctionCall call) {
      return List.of(text + " x" + limit + " for " + call.plugin());
    }

    @GonextFunction(value = "items.fail", capability = "items.find")
    Object fail(String secret) {
      throw new IllegalStateException("not for plugins: " + secret);
    }

    @GonextFilter(value = "item_title", priority = 1)
    String title(String value, String language, HookTurn turn) {
      if (value.equals("stop")) {
        turn.stop();
      }
      return value + " (" + language + ")";
    }

    @GonextFilter(value = "item_price")
    long price(long cents) {
      throw new IllegalArgumentException("no price");
    }

    @GonextAction("item_sold")
    void sold(Item item, int count) {
      sold.add(count + " of " + item.id());
    }
  }

  /** It has a function and uses the host: a circle that must not be one. */
  @RestController
  static class Pages {
    final CompletableFuture<Void> entered = new CompletableFuture<>();
    final CountDownLatch mayGo = new CountDownLatch(1);
    private final Host host;

    Pages(Host host) {
      this.host = host;
    }

    @GetMapping("/title")
    Map<String, Object> title(@RequestParam String of) throws InterruptedException {
      return Map.of(
          "title",
          host.applyFilters("item_title", of, "en").value(),
          "virtual",
          Thread.currentThread().isVirtual());
    }

    /** Answers once it may, with the help of a plugin. */
    @GetMapping("/slow")
    String slow() throws InterruptedException {
      entered.complete(null);
      mayGo.await();
      return host.applyFilters("item_title", "late", "en").value().asString();
    }

    @GonextFunction("pages.count")
    int pages() {
      return 2;
    }
  }

  @Bean
  SecurityFilterChain security(HttpSecurity http) {
    return http.authorizeHttpRequests(requests ->
            requests.requestMatchers("/title", "/slow").permitAll().anyRequest().authenticated())
        .httpBasic(Customizer.withDefaults())
        .csrf(csrf -> csrf.ignoringRequestMatchers("/api/plugins/**", "/gonext/**"))
        .build();
  }

  @Bean
  UserDetailsService users() {
    return new InMemoryUserDetailsManager(
        User.withUsername("ops").password("{noop}ops").roles("GONEXT_OPERATOR").build(),
        User.withUsername("look").password("{noop}look").roles("GONEXT_READER").build(),
        User.withUsername("guest").password("{noop}guest").roles("USER").build());
  }

  @Bean
  InMemorySpanExporter spans() {
    return InMemorySpanExporter.create();
  }
}
