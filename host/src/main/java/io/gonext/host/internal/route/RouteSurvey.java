package io.gonext.host.internal.route;

import io.gonext.engine.PlainText;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest.Route;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Whether the routes of a manifest are those that the code registers. A host asks the hook {@link
 * #HOOK} with the payload {@link #PAYLOAD}; a guest that can tell answers {@code
 * {"value":{"routes":[{"method","path"},...]}}}, and anything else means that it cannot.
 */
public final class RouteSurvey {
  public static final byte[] HOOK = "gonext.describe".getBytes(StandardCharsets.US_ASCII);
  public static final byte[] PAYLOAD =
      "{\"kind\":\"describe\"}".getBytes(StandardCharsets.US_ASCII);

  /** More are not compared. */
  private static final int MOST_ROUTES = 1000;

  private static final int MAX_ROUTE_LENGTH = 200;

  private RouteSurvey() {}

  /**
   * What is in one of the two and not in the other, a sentence each.
   *
   * @param answer the guest's
   */
  public static List<String> warnings(List<Route> declared, byte[] answer) {
    JsonNode routes;
    try {
      routes = StrictJson.parse(answer).path("value").path("routes");
    } catch (InvalidJsonException e) {
      return List.of();
    }
    if (!routes.isArray() || routes.size() > MOST_ROUTES) {
      return List.of();
    }
    Set<String> inCode = new TreeSet<>();
    for (JsonNode route : routes) {
      inCode.add(name(route.path("method").asString(""), route.path("path").asString("")));
    }
    Set<String> inManifest = new TreeSet<>();
    declared.forEach(route -> inManifest.add(name(route.method(), route.path())));
    List<String> warnings = new ArrayList<>();
    for (String route : inManifest) {
      if (!inCode.contains(route)) {
        warnings.add(
            "the manifest has the route "
                + route
                + ", which the code does not register: it answers"
                + " 404");
      }
    }
    for (String route : inCode) {
      if (!inManifest.contains(route)) {
        warnings.add(
            "the code registers the route "
                + route
                + ", which http.serve in the manifest does not have: no request reaches it");
      }
    }
    return warnings;
  }

  /** Percent-encoded or not, a path is the same. */
  private static String name(String method, String path) {
    String plain;
    try {
      plain = RouteTable.decode(path);
    } catch (IllegalArgumentException e) {
      plain = path;
    }
    return PlainText.of(method + " " + plain, MAX_ROUTE_LENGTH);
  }
}
