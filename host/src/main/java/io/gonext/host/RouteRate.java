package io.gonext.host;

/**
 * How many requests are accepted for the routes of one plugin, or from one client.
 *
 * @param burst at once; 0 for no limit
 * @param perSecond in the long run
 */
public record RouteRate(long burst, long perSecond) {
  /** 2,000 at once, 1,000 a second: more than ordinary service needs. */
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
