package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.Degradation;
import io.gonext.host.json.StrictJson;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Many values through the filters of real guests. */
class BatchTest {
  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    // The guest is slow until the JIT has seen it.
    OperatorLimits patient =
        new OperatorLimits(
            64, Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofSeconds(5), 2);
    host = Host.open(HostConfig.builder(data).limits(patient).build());
  }

  @AfterEach
  void every_lease_came_back() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void a_filter_that_takes_many_is_called_once_and_one_that_does_not_once_a_value()
      throws InterruptedException {
    activate(GuestBundle.of("batch").batchFilter("h"));
    activate(GuestBundle.of("echo").filter("h"));
    List<Object> values = List.of("a", Map.of("k", List.of("b", 1)), 2.50, "ü]},\"");
    long together = checkouts("batch");
    long alone = checkouts("echo");
    BatchResult batch = host.applyFiltersBatch("h", values);
    assertThat(checkouts("batch") - together).isEqualTo(1);
    assertThat(checkouts("echo") - alone).isEqualTo(4);
    assertThat(batch.degraded()).isEmpty();
    List<JsonNode> oneByOne = new ArrayList<>();
    for (Object value : values) {
      oneByOne.add(host.applyFilters("h", value).value());
    }
    assertThat(batch.values()).isEqualTo(oneByOne);
    assertThat(batch.values().getFirst()).isEqualTo(StrictJson.valueOf("A"));
  }

  @Test
  void a_batch_beyond_the_cap_of_a_payload_is_split() throws InterruptedException {
    activate(GuestBundle.of("batch").batchFilter("h"));
    List<String> values = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      values.add(("v" + i).repeat(20_000));
    }
    long checkouts = checkouts("batch");
    BatchResult batch = host.applyFiltersBatch("h", values);
    assertThat(batch.degraded()).isEmpty();
    assertThat(batch.values())
        .extracting(JsonNode::stringValue)
        .isEqualTo(values.stream().map(value -> value.replace('v', 'V')).toList());
    assertThat(checkouts("batch") - checkouts).as("in one lease").isEqualTo(1);
  }

  @Test
  void a_value_beyond_the_cap_keeps_no_other_from_being_filtered() throws InterruptedException {
    activate(GuestBundle.of("batch").batchFilter("h"));
    String large = "x".repeat(1 << 20);
    BatchResult batch = host.applyFiltersBatch("h", List.of("a", large, "b"));
    assertThat(batch.values()).extracting(JsonNode::stringValue).containsExactly("A", large, "B");
    assertThat(batch.degraded()).extracting(Degradation::code).containsExactly("PAYLOAD_TOO_LARGE");
  }

  @Test
  void a_guest_that_answers_another_number_of_values_is_passed_over() throws InterruptedException {
    // It knows nothing of batches: its answer is that to one value.
    activate(GuestBundle.of("single", Guests.wasm("stop")).batchFilter("h"));
    BatchResult batch = host.applyFiltersBatch("h", List.of("a", "b"));
    assertThat(batch.values()).extracting(JsonNode::stringValue).containsExactly("a", "b");
    assertThat(batch.degraded()).extracting(Degradation::code).containsExactly("BAD_ANSWER");
  }

  @Test
  void an_empty_batch_takes_no_instance() throws InterruptedException {
    activate(GuestBundle.of("batch").batchFilter("h"));
    long checkouts = checkouts("batch");
    assertThat(host.applyFiltersBatch("h", List.of()))
        .isEqualTo(new BatchResult(List.of(), List.of()));
    assertThat(checkouts("batch")).isEqualTo(checkouts);
  }

  @Test
  void an_action_takes_no_batches() {
    assertThatThrownBy(() ->
            host.plugins()
                .install(
                    GuestBundle.of("batch")
                        .field("hooks", "{\"actions\":[{\"name\":\"h\",\"batch\":true}]}")
                        .bytes()))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("batch");
  }

  private long checkouts(String plugin) {
    return host.health().pool(plugin).orElseThrow().checkouts();
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }
}
