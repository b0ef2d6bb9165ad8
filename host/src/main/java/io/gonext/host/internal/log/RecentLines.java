package io.gonext.host.internal.log;

import io.gonext.host.LogLine;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.event.Level;

/**
 * The last lines of one plugin, in memory, and their followers. A new follower also gets the lines
 * before, and no line twice.
 *
 * <p>Thread-safe.
 */
final class RecentLines {
  static final int MAX_LINES = 500;

  /** For all kept lines together, because a plugin may write long ones. */
  static final int MAX_CHARS = 256 * 1024;

  private final InstantSource clock;

  /** Guarded by this, as are the fields below. */
  private final Deque<LogLine> lines = new ArrayDeque<>();

  private final List<Consumer<LogLine>> followers = new ArrayList<>();
  private long chars;
  private long lastId;

  RecentLines(InstantSource clock) {
    this.clock = clock;
  }

  synchronized void add(Level level, String text) {
    Instant now = clock.instant();
    lastId = Math.max(lastId + 1, ChronoUnit.MICROS.between(Instant.EPOCH, now));
    LogLine line = new LogLine(lastId, now, level, text);
    lines.addLast(line);
    chars += text.length();
    while (lines.size() > MAX_LINES || chars > MAX_CHARS) {
      chars -= lines.removeFirst().text().length();
    }
    followers.forEach(follower -> follower.accept(line));
  }

  /** Drops the lines. Followers stay. */
  synchronized void clear() {
    lines.clear();
    chars = 0;
  }

  synchronized List<LogLine> list() {
    return List.copyOf(lines);
  }

  /** See {@link PluginLogs#follow}. */
  synchronized Runnable follow(Consumer<LogLine> follower) {
    lines.forEach(follower);
    followers.add(follower);
    return () -> unfollow(follower);
  }

  private synchronized void unfollow(Consumer<LogLine> follower) {
    followers.remove(follower);
  }
}
