package io.gonext.dashboard;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.Host;
import io.gonext.host.HostException;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.StoredPlugin;
import io.gonext.host.TrialResult;
import io.gonext.host.Trials.Where;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One call of a hook or route with a payload, against the live plugin or a trial instance. */
final class TryPage implements Page {
  private static final String PATH = "/try";

  /** What a page shows of a result. */
  private static final int MAX_CHARS = 32 * 1024;

  private static final String FILTER = "filter ";
  private static final String ACTION = "action ";

  private final Host host;

  TryPage(Host host) {
    this.host = host;
  }

  /** What the visitor filled in. */
  record Entry(
      String plugin,
      String handler,
      String value,
      String args,
      String path,
      String headers,
      String body,
      boolean live) {
    static Entry of(String plugin) {
      return new Entry(plugin, "", "\"Hello\"", "[]", "", "", "", false);
    }
  }

  /**
   * The page.
   *
   * @param handlers of the plugin, as the form names them
   * @param problem why nothing was called; empty for nothing
   * @param result null before a call
   */
  record Model(
      Entry entry,
      List<String> plugins,
      List<String> handlers,
      String problem,
      @Nullable Result result) {
    boolean hasHooks() {
      return handlers.stream().anyMatch(TryPage::isHook);
    }

    boolean hasRoutes() {
      return handlers.stream().anyMatch(handler -> !isHook(handler));
    }
  }

  /**
   * What the call came to.
   *
   * @param shown the value or the body, cut where it is long
   * @param status of a response; 0 for a hook
   */
  record Result(
      boolean failed,
      String outcome,
      String version,
      String reason,
      List<CallsPage.Part> times,
      String took,
      String fuel,
      String memory,
      String shown,
      int status,
      Map<String, String> headers,
      List<String> frames) {}

  @Override
  public void addTo(Routes routes) {
    routes.changeNav("Try", PATH);
    routes.changePage(PATH, visit -> page(Entry.of(visit.query("plugin").orElse("")), "", null));
    routes.form(PATH, this::call);
  }

  private static boolean isHook(String handler) {
    return handler.startsWith(FILTER) || handler.startsWith(ACTION);
  }

  private Answer page(Entry entry, String problem, @Nullable Result result) {
    List<String> plugins = host.plugins().list().stream().map(StoredPlugin::name).toList();
    String plugin =
        entry.plugin().isEmpty() && !plugins.isEmpty() ? plugins.getFirst() : entry.plugin();
    Entry shown =
        new Entry(
            plugin,
            entry.handler(),
            entry.value(),
            entry.args(),
            entry.path(),
            entry.headers(),
            entry.body(),
            entry.live());
    return Answer.page(
        "Try a plugin", "try", new Model(shown, plugins, handlers(plugin), problem, result));
  }

  private List<String> handlers(String plugin) {
    if (host.plugins().find(plugin).isEmpty()) {
      return List.of();
    }
    List<String> handlers = new ArrayList<>();
    try {
      Manifest manifest = host.plugins().manifest(plugin);
      manifest.filters().forEach(hook -> handlers.add(FILTER + hook.name()));
      manifest.actions().forEach(hook -> handlers.add(ACTION + hook.name()));
      manifest.routes().forEach(route -> handlers.add(route.toString()));
    } catch (BundleRejectedException e) {
      // Its page says that this host cannot read it.
      return List.of();
    }
    return handlers;
  }

  private Answer call(Visit visit) throws IOException, InterruptedException {
    Entry entry =
        new Entry(
            visit.required("plugin"),
            visit.form("handler").orElse(""),
            visit.form("value").orElse(""),
            visit.form("args").orElse(""),
            visit.form("path").orElse("").strip(),
            visit.form("headers").orElse(""),
            visit.form("body").orElse(""),
            visit.form("where").filter("live"::equals).isPresent());
    try {
      return page(entry, "", result(called(entry)));
    } catch (InvalidJsonException | HostException | IllegalArgumentException e) {
      return page(entry, String.valueOf(e.getMessage()), null);
    }
  }

  private TrialResult called(Entry entry) throws InvalidJsonException, InterruptedException {
    Where where = entry.live() ? Where.LIVE : Where.TRIAL;
    String handler = entry.handler();
    if (handler.startsWith(FILTER)) {
      return host.trials()
          .filter(
              entry.plugin(),
              where,
              handler.substring(FILTER.length()),
              json("The value", entry.value()),
              args(entry));
    }
    if (handler.startsWith(ACTION)) {
      return host.trials()
          .action(entry.plugin(), where, handler.substring(ACTION.length()), args(entry));
    }
    String[] route = handler.split(" ", 2);
    if (route.length != 2) {
      throw new IllegalArgumentException("Choose a hook or a route.");
    }
    String target = entry.path().isEmpty() ? route[1] : entry.path();
    int query = target.indexOf('?');
    return host.trials()
        .route(
            entry.plugin(),
            where,
            new PluginRequest(
                route[0],
                query < 0 ? target : target.substring(0, query),
                query < 0 ? "" : target.substring(query + 1),
                headers(entry.headers()),
                entry.body().getBytes(StandardCharsets.UTF_8)));
  }

  private static JsonNode json(String what, String text) throws InvalidJsonException {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new IllegalArgumentException(what + " is not JSON: " + e.getMessage(), e);
    }
  }

  private static Object[] args(Entry entry) throws InvalidJsonException {
    JsonNode args = json("The list of arguments", entry.args().isBlank() ? "[]" : entry.args());
    if (!args.isArray()) {
      throw new IllegalArgumentException("The arguments must be a JSON list, such as [1, \"a\"].");
    }
    return args.valueStream().toArray();
  }

  private static Map<String, String> headers(String text) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line : text.lines().filter(one -> !one.isBlank()).toList()) {
      int colon = line.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException(
            "A header has a name, a colon and a value, such as Accept: text/html.");
      }
      headers.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
    }
    return headers;
  }

  private static Result result(TrialResult result) {
    PluginResponse response = result.response().orElse(null);
    return new Result(
        result.outcome() != HookOutcome.OK,
        result.outcome().name(),
        result.version(),
        result.reason(),
        CallsPage.parts(
            result.took(), result.queued(), result.guest(), result.host(), Duration.ZERO),
        Shown.time(result.took()),
        result.fuel() == 0 ? "" : Shown.count(result.fuel()),
        result.touchedBytes() == 0 ? "" : Shown.bytes(result.touchedBytes()),
        cut(response == null ? json(result.value()) : text(response.body())),
        response == null ? 0 : response.status(),
        response == null ? Map.of() : response.headers(),
        result.backtrace().stream().map(TurnFailure.Frame::toString).toList());
  }

  private static String json(@Nullable JsonNode value) {
    return value == null ? "" : value.toPrettyString();
  }

  /** A body as text, or its size where it is not UTF-8. */
  private static String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      return String.format(Locale.ROOT, "%,d bytes that are not text", body.length);
    }
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARS
        ? text
        : text.substring(0, MAX_CHARS)
            + "\n... and "
            + Shown.count(text.length() - MAX_CHARS)
            + " more characters";
  }
}
