package io.gonext.cli.dev;

import io.gonext.cli.build.SourceTrees;
import io.gonext.cli.output.CommandFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What stands at the loop's seams in tests: everything is recorded, and happens when told to. */
final class Scripted {
  private Scripted() {}

  /** A watcher that tells what the test tells it. */
  static final class Watcher implements TreeWatcher {
    private volatile @Nullable Consumer<Path> changed;
    final List<Path> outside = new CopyOnWriteArrayList<>();
    volatile boolean isClosed;

    @Override
    public String start(Consumer<Path> sink) {
      changed = sink;
      return "";
    }

    @Override
    public List<String> alsoWatch(List<SourceTrees.Tree> trees) {
      outside.clear();
      trees.forEach(tree -> outside.add(tree.root()));
      return List.of();
    }

    void tell(String path) {
      Consumer<Path> sink = changed;
      if (sink == null) {
        throw new AssertionError("nobody watches");
      }
      sink.accept(Path.of(path));
    }

    boolean isStarted() {
      return changed != null;
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }

  /** Keeps all events; a test waits for the ones it expects. */
  static final class Output implements DevOutput {
    final List<DevEvent> all = new CopyOnWriteArrayList<>();
    private final BlockingQueue<DevEvent> fresh = new LinkedBlockingQueue<>();

    @Override
    public void emit(DevEvent event) {
      all.add(event);
      fresh.add(event);
    }

    /** The next event of a kind that was not waited for yet; earlier ones of others are skipped. */
    <T extends DevEvent> T await(Class<T> kind) throws InterruptedException {
      return await(kind, event -> true);
    }

    <T extends DevEvent> T await(Class<T> kind, Predicate<T> which) throws InterruptedException {
      List<DevEvent> skipped = new ArrayList<>();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (true) {
        DevEvent event = fresh.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (event == null) {
          throw new AssertionError("no " + kind.getSimpleName() + ", but " + skipped);
        }
        if (kind.isInstance(event) && which.test(kind.cast(event))) {
          return kind.cast(event);
        }
        skipped.add(event);
      }
    }

    long count(Class<? extends DevEvent> kind) {
      return all.stream().filter(kind::isInstance).count();
    }

    @Override
    public void close() {}
  }

  /** Time that stands still until a test moves it; tasks run on the thread that moves it. */
  static final class Clock implements Timers {
    private record Due(long nanos, long order, Runnable task) {}

    private final PriorityQueue<Due> timers =
        new PriorityQueue<>(Comparator.comparingLong(Due::nanos).thenComparingLong(Due::order));
    private long now;
    private long order;

    /** This time; the time of day stays at 12:03:58. */
    TimeSources sources() {
      Instant wall =
          LocalTime.of(12, 3, 58)
              .atDate(LocalDate.of(2026, 1, 31))
              .atZone(ZoneId.systemDefault())
              .toInstant();
      return new TimeSources(InstantSource.fixed(wall), this::nanoTime, this);
    }

    private synchronized long nanoTime() {
      return now;
    }

    @Override
    public synchronized Timer after(Duration delay, Runnable task) {
      Due due = new Due(now + delay.toNanos(), order++, task);
      timers.add(due);
      return () -> {
        synchronized (this) {
          timers.remove(due);
        }
      };
    }

    void move(Duration by) {
      long until;
      synchronized (this) {
        until = now + by.toNanos();
      }
      while (true) {
        Due due;
        synchronized (this) {
          due = timers.peek();
          if (due == null || due.nanos > until) {
            now = until;
            return;
          }
          timers.remove(due);
          now = due.nanos;
        }
        due.task.run();
      }
    }

    synchronized int waiting() {
      return timers.size();
    }
  }

  /** Takes every upload, or fails as the test says. */
  static final class Host implements Uploader {
    final List<Artifact> uploads = new CopyOnWriteArrayList<>();
    private volatile @Nullable CommandFailure failure;

    void failWith(@Nullable CommandFailure next) {
      failure = next;
    }

    @Override
    public UploadAnswer upload(Artifact artifact) {
      CommandFailure now = failure;
      if (now != null) {
        throw now;
      }
      boolean same =
          !uploads.isEmpty()
              && uploads.getLast().sha256().equals(artifact.sha256())
              && java.util.Arrays.equals(uploads.getLast().manifestJson(), artifact.manifestJson());
      uploads.add(artifact);
      return new UploadAnswer(
          same ? "unchanged" : uploads.size() == 1 ? "installed" : "reloaded",
          artifact.sha256(),
          List.of(),
          java.util.OptionalDouble.of(1),
          java.util.OptionalLong.of(0));
    }
  }
}
