package io.gonext.host;

/**
 * How many requests are taken: by the routes of one plugin, or of one client.
 *
 * @param burst at once; 0 for no limit
 * @param perSecond in the long run
 */
public record RouteRate(long burst, long perSecond) {
  /** 2,000 at once, 1,000 a second: what ordinary service does not meet. */
  public static final RouteRate DEFAULT = new RouteRate(2_000, 1_000);

  public static final RouteRate UNLIMITED = new RouteRate(0, 0);

  public RouteRate {
    if (burst < 0 || perSecond < 0 || (burst == 0) != (perSecond == 0)) {
      throw new IllegalArgumentException(
          "burst and perSecond must be at least 1, or both 0 for no limit");
    }
  }

  public boolean isUnlimited() {
    return burst == 0;
  }
}
