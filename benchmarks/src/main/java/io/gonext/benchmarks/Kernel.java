package io.gonext.benchmarks;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The computations of the guest {@code compute}; see guests/src/main/rust/compute. */
enum Kernel {
  SORT(0, "sort of 10,000 u32", 975_493_128),
  SHA256(1, "SHA-256 of 64 KiB", 666_978_335),
  JSON(2, "parse of 32 KiB of JSON", 1_506_715_530),
  SCAN(3, "scan of 64 KiB for a pattern", 3_609_763_646L),
  UNROLLED(4, "a function of 10 KB", 919_592_108);

  /** The kernels whose functions have an ordinary size. */
  static final Set<Kernel> PLAIN =
      Collections.unmodifiableSet(EnumSet.of(SORT, SHA256, JSON, SCAN));

  private final int index;
  private final String title;
  private final long checksum;

  Kernel(int index, String title, long checksum) {
    this.index = index;
    this.title = title;
    this.checksum = checksum;
  }

  /** The kernel that {@link #guestName} names. */
  static Kernel named(String guestName) {
    return valueOf(guestName.toUpperCase(Locale.ROOT));
  }

  /** The argument of the guest's export {@code compute}. */
  int index() {
    return index;
  }

  /** The name by which other programs know it. */
  String guestName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The row's title in a table. */
  String title() {
    return title;
  }

  /** Checks that the right kernel ran and that its result is right. */
  void requireChecksum(long answered) {
    if (answered != checksum) {
      throw new IllegalStateException(this + " computes " + answered + ", not " + checksum);
    }
  }
}
