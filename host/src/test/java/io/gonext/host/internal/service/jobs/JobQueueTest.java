package io.gonext.host.internal.service.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.JobPolicy;
import io.gonext.host.JobState;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Enqueued;
import io.gonext.host.internal.store.JobStore.QueueFullException;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Enqueues on both databases, in transactions of their own and of others. */
class JobQueueTest {
  private static final Manifest MANIFEST =
      ManifestReader.read(
          GuestBundle.of("jobs", new byte[0])
              .field("jobs", "[\"ok\",{\"name\":\"once\",\"unique\":true}]")
              .manifest()
              .getBytes(StandardCharsets.UTF_8));

  @TempDir private Path data;

  private PluginStore open(StoreFixture fixture) {
    PluginStore store = PluginStore.open(data, fixture.create());
    store.insert("jobs", new StoredVersion("1.0.0", "0".repeat(64), Instant.EPOCH), new byte[1]);
    return store;
  }

  private static JobQueue queue(PluginStore store, int most) {
    JobStore jobs = store.jobs();
    return new JobQueue(
        jobs,
        JobPolicy.defaults().withBounds(60, most),
        new StoreClock(jobs::now, System::nanoTime));
  }

  private static JobRequest request(String json) throws Exception {
    return JobRequest.parse(StrictJson.parse(json.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @EnumSource
  void jobs_in_a_transaction_of_another_exist_once_it_commits(StoreFixture fixture)
      throws Exception {
    try (PluginStore store = open(fixture)) {
      JobQueue queue = queue(store, 10);
      List<JobRequest> requests = List.of(request("{\"job\":\"ok\"}"), request("{\"job\":\"ok\"}"));
      try (Connection connection = store.jobs().connections().getConnection()) {
        connection.setAutoCommit(false);
        List<Enqueued> gone = queue.enqueue(connection, MANIFEST, requests);
        connection.rollback();
        List<Enqueued> kept = queue.enqueue(connection, MANIFEST, requests);
        connection.commit();
        assertThat(store.jobs().records().find(gone.getFirst().id())).isEmpty();
        assertThat(store.jobs().records().list("jobs", JobState.WAITING, 10))
            .extracting(job -> job.id())
            .containsExactlyInAnyOrderElementsOf(kept.stream().map(Enqueued::id).toList());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bounds_keys_and_unique_jobs_hold_for_enqueues_at_once(StoreFixture fixture)
      throws Exception {
    try (PluginStore store = open(fixture);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      JobQueue queue = queue(store, 3);
      Set<String> ids = new HashSet<>();
      List<Future<Enqueued>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        String json =
            i % 2 == 0 ? "{\"job\":\"once\"}" : "{\"job\":\"ok\",\"idempotency_key\":\"k\"}";
        answers.add(threads.submit(() -> queue.enqueue(MANIFEST, request(json))));
      }
      for (Future<Enqueued> answer : answers) {
        ids.add(answer.get().id());
      }
      assertThat(ids).hasSize(2);
      queue.enqueue(MANIFEST, request("{\"job\":\"ok\"}"));
      assertThatThrownBy(() -> queue.enqueue(MANIFEST, request("{\"job\":\"ok\"}")))
          .isInstanceOf(QueueFullException.class);
    }
  }
}
