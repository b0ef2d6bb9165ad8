package io.gonext.benchmarks;

import java.util.Locale;

/** The computations of the guests that {@link KernelSource} builds. */
enum Kernel {
  SORT(KernelSource.COMPUTE, 0, "sort of 10,000 u32", 975_493_128),
  SHA256(KernelSource.COMPUTE, 1, "SHA-256 of 64 KiB", 666_978_335),
  JSON(KernelSource.COMPUTE, 2, "parse of 32 KiB of JSON", 1_506_715_530),
  SCAN(KernelSource.COMPUTE, 3, "scan of 64 KiB", 3_609_763_646L),
  UNROLLED(KernelSource.COMPUTE, 4, "a function of 10 KB", 919_592_108),
  JPEG(KernelSource.CRATES, 0, "JPEG of 320 x 240", 2_165_282_410L),
  REGEX(KernelSource.CRATES, 1, "regex on 64 KiB", 1_142_034_979),
  GO_JSON(KernelSource.GO, 0, "Go's encoding/json", 756_962_289);

  private final KernelSource source;
  private final int index;
  private final String title;
  private final long checksum;

  Kernel(KernelSource source, int index, String title, long checksum) {
    this.source = source;
    this.index = index;
    this.title = title;
    this.checksum = checksum;
  }

  /** What its guest is built from. */
  KernelSource source() {
    return source;
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
