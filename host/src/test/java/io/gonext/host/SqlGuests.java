package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.FilterResult;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Plugins that run the SQL which a test gives them. */
final class SqlGuests {
  private static final List<String> FUNCTIONS = List.of("read", "write", "batch");

  private static final int TIMED_OUT = -13;
  private static final int ATTEMPTS = 10;

  private final Host host;

  SqlGuests(Host host) {
    this.host = host;
  }

  /** A plugin whose hooks are {@code read.<name>}, {@code write.<name>} and so on. */
  static GuestBundle bundle(String name) {
    GuestBundle bundle =
        GuestBundle.of(name, Guests.wasm("db"))
            .field("capabilities", "[\"db.read\",\"db.write\"]")
            .limit("instances_max", 8);
    for (String function : FUNCTIONS) {
      bundle.filter(function + "." + name).filter(function + "." + name + ".why");
    }
    return bundle;
  }

  void activate(GuestBundle bundle, String name) throws InterruptedException {
    host.plugins().install(bundle.bytes());
    host.plugins().grantRequested(name);
    host.plugins().activate(name);
  }

  void activate(String name) throws InterruptedException {
    activate(bundle(name), name);
  }

  JsonNode read(String plugin, String sql, Object... args) throws InterruptedException {
    return call("read." + plugin, sql, args);
  }

  JsonNode write(String plugin, String sql, Object... args) throws InterruptedException {
    return call("write." + plugin, sql, args);
  }

  JsonNode batch(String plugin, Object batch) throws InterruptedException {
    return call("batch." + plugin, batch);
  }

  /** As {@link #once}, but again where a busy machine was too slow. */
  JsonNode call(String hook, Object value, Object... args) throws InterruptedException {
    JsonNode answer = once(hook, value, args);
    for (int i = 0; i < ATTEMPTS && isLate(answer); i++) {
      answer = once(hook, value, args);
    }
    return answer;
  }

  private static boolean isLate(JsonNode answer) {
    return answer.path("code").asString("").equals("timed_out")
        || (answer.isInt() && answer.intValue() == TIMED_OUT);
  }

  /** The answer of a call, or its status as a number. */
  JsonNode once(String hook, Object value, Object... args) throws InterruptedException {
    FilterResult result = host.applyFilters(hook, value, args);
    assertThat(result.degraded()).isEmpty();
    return result.value();
  }
}
