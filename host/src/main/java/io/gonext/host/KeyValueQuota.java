package io.gonext.host;

/**
 * The most that the entries of one plugin may take.
 *
 * @param maxBytes of keys and values together
 * @param maxKeys entries
 */
public record KeyValueQuota(long maxBytes, long maxKeys) {
  /** Checks the ranges. */
  public KeyValueQuota {
    if (maxBytes < 0 || maxKeys < 0) {
      throw new IllegalArgumentException("a quota is not negative");
    }
  }

  /** 16 MiB in 10,000 entries. */
  public static KeyValueQuota defaults() {
    return new KeyValueQuota(16 * 1024 * 1024, 10_000);
  }
}
