package io.gonext.host.internal.audit;

import io.gonext.engine.PlainText;
import io.gonext.host.AuditEntry;
import io.gonext.host.AuditFilter;
import io.gonext.host.AuditRow;
import io.gonext.host.StoreException;
import io.gonext.host.internal.store.AuditStore;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The audit log: a bounded queue and one thread that writes it to the store, in order. It keeps the
 * newest rows of each plugin. A request never waits for it: if the queue is full, the row is
 * dropped and counted ({@code gonext_audit_dropped_total}). While the store is lost, rows wait in
 * the queue. A crash may lose rows in the queue; {@link #record} returns once its row is stored.
 *
 * <p>Thread-safe.
 */
public final class AuditLog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

  /** Rows of one plugin that are kept. */
  public static final int KEPT_PER_PLUGIN = 10_000;

  private static final int QUEUE_LENGTH = 4096;
  private static final int BATCH = 256;

  /** A plugin may exceed its number of rows by this for a while. */
  static final int PRUNE_EVERY = 100;

  /** How long an operator's change waits for its row, and a close for the queue. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Between two attempts while the store is lost. */
  private static final Duration PAUSE = Duration.ofMillis(200);

  /**
   * @param row null for a mark, which shows how far the writer has come
   * @param written opens once everything up to here is stored or lost
   */
  private record Entry(@Nullable AuditRow row, CountDownLatch written) {}

  private final AuditStore store;
  private final InstantSource clock;
  private final int keptPerPlugin;
  private final BlockingQueue<Entry> queue;

  /** What {@link PlainText} puts behind a text that it has cut. */
  private static final String DOTS = "...";

  private final Counter dropped;
  private final Thread writer;

  /** Rows since the old ones of a plugin were deleted, at the first row. Owned by the writer. */
  private final Map<String, Integer> unpruned = new HashMap<>();

  private volatile boolean closing;

  /** Whether the writer waits for the store. Nobody waits for the writer then. */
  private volatile boolean behind;

  /** Opens with {@link #closing}. */
  private final CountDownLatch closed = new CountDownLatch(1);

  /** Set by the writer before it looks at the queue for the last time. */
  private volatile boolean ended;

  public AuditLog(AuditStore store, MeterRegistry meters, InstantSource clock) {
    this(
        store,
        meters,
        clock,
        Thread.ofPlatform().daemon().name("gonext-audit").factory(),
        QUEUE_LENGTH,
        KEPT_PER_PLUGIN);
  }

  AuditLog(
      AuditStore store,
      MeterRegistry meters,
      InstantSource clock,
      ThreadFactory threads,
      int queueLength,
      int keptPerPlugin) {
    this.store = store;
    this.clock = clock;
    this.keptPerPlugin = keptPerPlugin;
    this.queue = new ArrayBlockingQueue<>(queueLength);
    this.dropped =
        Counter.builder("gonext.audit.dropped")
            .description("Audit rows lost: the queue was full or the store failed")
            .register(meters);
    this.writer = threads.newThread(this::write);
    writer.start();
  }

  /**
   * Queues a row without waiting.
   *
   * @return false when the queue was full; the row is lost and counted then
   */
  public boolean offer(String plugin, String version, String event, String actor, JsonNode detail) {
    Entry entry = entry(plugin, version, event, actor, detail);
    boolean queued = !closing && queue.offer(entry) && !cameTooLate(entry);
    if (!queued) {
      dropped.increment();
    }
    return queued;
  }

  /**
   * Writes a row, and returns when it is stored, when the store turns out to be lost, or after some
   * seconds.
   */
  public void record(String plugin, String version, String event, String actor, JsonNode detail) {
    Entry entry = entry(plugin, version, event, actor, detail);
    try {
      if (closing
          || !queue.offer(entry, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          || cameTooLate(entry)) {
        dropped.increment();
      } else if (!behind && !entry.written.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the audit log is behind: {} of {} is not stored yet", event, plugin);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The newest rows of one plugin, newest first.
   *
   * @param plugin its name, or what a refused bundle called itself
   * @throws StoreException when the store cannot be read
   */
  public List<AuditRow> newest(String plugin, int limit) {
    awaitQueued();
    return store.newest(fit(plugin, AuditStore.MAX_PLUGIN_LENGTH), limit);
  }

  /** The newest rows of all plugins; see {@link #newest(String, int)}. */
  public List<AuditRow> newest(int limit) {
    awaitQueued();
    return store.newest(limit);
  }

  /**
   * The newest rows that a filter takes, newest first.
   *
   * @param before only rows with a smaller id; the queue is awaited only for {@link
   *     Long#MAX_VALUE}, which begins
   */
  public List<AuditEntry> find(AuditFilter filter, long before, int limit) {
    if (before == Long.MAX_VALUE) {
      awaitQueued();
    }
    // As the rows are written; and PostgreSQL refuses some control characters.
    AuditFilter plain =
        new AuditFilter(
            fit(filter.plugin(), AuditStore.MAX_PLUGIN_LENGTH),
            fit(filter.event(), AuditStore.MAX_EVENT_LENGTH),
            fit(filter.actor(), AuditStore.MAX_ACTOR_LENGTH),
            filter.from(),
            filter.before());
    return store.find(plain, before, limit);
  }

  /** Writes what is queued and stops. Later rows are dropped. A second close does nothing. */
  @Override
  public void close() {
    closing = true;
    closed.countDown();
    awaitMark();
  }

  private Entry entry(String plugin, String version, String event, String actor, JsonNode detail) {
    String json = new String(StrictJson.write(detail), StandardCharsets.UTF_8);
    if (json.length() > AuditStore.MAX_DETAIL_LENGTH) {
      json = "{\"cut\":" + json.length() + "}";
    }
    return new Entry(
        new AuditRow(
            clock.instant(),
            fit(plugin, AuditStore.MAX_PLUGIN_LENGTH),
            fit(version, AuditStore.MAX_VERSION_LENGTH),
            fit(event, AuditStore.MAX_EVENT_LENGTH),
            fit(actor, AuditStore.MAX_ACTOR_LENGTH),
            json),
        new CountDownLatch(1));
  }

  /**
   * Cuts a text to the size of its column. The row of a refused bundle holds text from strangers. A
   * text that does not fit would fail its row, and all rows that are written with it. A cut text
   * ends with dots, which a plugin's name cannot.
   */
  private static String fit(String text, int maxLength) {
    String plain = PlainText.of(text);
    return plain.length() <= maxLength ? plain : PlainText.of(plain, maxLength - DOTS.length());
  }

  /** Waits for the queue, so that a reader sees everything that happened before. */
  private void awaitQueued() {
    if (!behind) {
      awaitMark();
    }
  }

  private void awaitMark() {
    Entry mark = new Entry(null, new CountDownLatch(1));
    try {
      boolean offered = queue.offer(mark, PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (offered && cameTooLate(mark)) {
        return;
      }
      if (!offered || !mark.written.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the audit log is behind: its newest rows are not stored yet");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Whether an entry was queued after the writer ended, so that nobody will write it. The writer
   * sets {@link #ended} before it looks at the queue for the last time, and this method reads it
   * after the entry was queued: one of the two sees the entry.
   */
  private boolean cameTooLate(Entry entry) {
    return ended && queue.remove(entry);
  }

  /** The writer. It is never interrupted: that would close the embedded database's file. */
  private void write() {
    try {
      writeUntilClosed();
    } finally {
      ended = true;
      for (Entry late = queue.poll(); late != null; late = queue.poll()) {
        if (late.row != null) {
          dropped.increment();
        }
        late.written.countDown();
      }
    }
  }

  private void writeUntilClosed() {
    List<Entry> batch = new ArrayList<>(BATCH);
    while (!closing || !queue.isEmpty()) {
      try {
        batch.add(queue.take());
        queue.drainTo(batch, BATCH - 1);
        storeWhenPossible(batch);
      } catch (InterruptedException e) {
        log.warn("the audit log's writer was interrupted, and continues");
      } catch (Throwable e) {
        // Also an error: no other thread would write the rows that come after these.
        lost(batch, e);
      } finally {
        behind = false;
        batch.forEach(entry -> entry.written.countDown());
        batch.clear();
      }
    }
  }

  /** Does not throw: were the writer to end here, no row would be written again. */
  private void lost(List<Entry> batch, Throwable failure) {
    try {
      int rows = 0;
      for (Entry entry : batch) {
        rows += entry.row == null ? 0 : 1;
      }
      dropped.increment(rows);
      log.warn("{} audit rows are lost: {}", rows, failure.toString());
    } catch (Throwable e) {
      // There is no memory left to say so.
    }
  }

  /**
   * Tries again for as long as the store is lost and the log is open: what a change was answered
   * for has its row once the store is back. The queue bounds what waits behind it.
   */
  private void storeWhenPossible(List<Entry> batch) throws InterruptedException {
    List<AuditRow> rows = batch.stream().map(Entry::row).filter(Objects::nonNull).toList();
    if (rows.isEmpty()) {
      return;
    }
    boolean unknown = false;
    while (true) {
      // Read before the attempt: a close lets the writer try once more.
      boolean last = closing;
      try {
        if (!unknown || !store.has(rows)) {
          store.insert(rows);
        }
        break;
      } catch (StoreException e) {
        if (last || AuditStore.isRefused(e)) {
          throw e;
        }
        unknown |= e.isMaybeChanged();
        if (!behind) {
          behind = true;
          log.warn("audit rows wait for the store: {}", e.getMessage());
        }
        batch.forEach(entry -> entry.written.countDown());
        closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
    prune(rows);
  }

  private void prune(List<AuditRow> rows) {
    for (AuditRow row : rows) {
      // Also at a plugin's first row, because earlier runs may have left too many.
      int since = unpruned.getOrDefault(row.plugin(), 0);
      if (since == 0) {
        store.prune(row.plugin(), keptPerPlugin);
      }
      unpruned.put(row.plugin(), (since + 1) % PRUNE_EVERY);
    }
  }
}
