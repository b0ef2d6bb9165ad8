package io.gonext.host.internal.service.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the listeners of this host are, in a file of its data directory. The file has the lowest
 * of their positions, so that after a restart each of them receives what it has not seen; some
 * receive a few again. Not written at each position: see {@link #moved}.
 *
 * <p>Thread-safe.
 */
final class CachePosition {
  private static final Logger log = LoggerFactory.getLogger(CachePosition.class);

  private final Path file;

  /** Of each listener. Guarded by this. */
  private final long[] positions;

  /** Guarded by this. */
  private long written;

  private boolean failing;

  /**
   * @param start where all listeners begin
   */
  CachePosition(Path file, int listeners, long start) {
    this.file = file;
    this.positions = new long[listeners];
    Arrays.fill(positions, start);
    this.written = -1;
    save();
  }

  /**
   * The position that an earlier host of the data directory has written; empty if there was none.
   * What cannot be read counts as a position before all invalidations.
   */
  static OptionalLong read(Path file) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    } catch (IOException | NumberFormatException e) {
      log.warn(
          "{} is damaged, the cache listeners begin with all that is kept: {}", file, e.toString());
      return OptionalLong.of(0);
    }
  }

  /** The position of a listener. */
  synchronized long of(int listener) {
    return positions[listener];
  }

  /** The lowest position. */
  synchronized long lowest() {
    return Arrays.stream(positions).min().orElse(0);
  }

  /** A listener has seen everything up to a position. */
  synchronized void moved(int listener, long position) {
    positions[listener] = position;
    save();
  }

  private synchronized void save() {
    long lowest = lowest();
    if (lowest == written) {
      return;
    }
    Path aside = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(aside, Long.toString(lowest));
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      written = lowest;
      failing = false;
    } catch (IOException e) {
      // The next position is written, or after a restart some invalidations arrive again.
      if (!failing) {
        log.warn("{} cannot be written: {}", file, e.toString());
      }
      failing = true;
    }
  }
}
