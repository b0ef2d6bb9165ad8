package io.gonext.dashboard;

import io.gonext.host.Host;
import io.gonext.host.NotedCall;
import io.gonext.host.NotedCall.Why;
import io.gonext.host.StoredPlugin;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.recording.Recording;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The calls that were slow, late or failed, and where their time went. */
final class CallsPage implements Page {
  private static final String PATH = "/calls";
  private static final String LIVE = "/live/calls";
  private static final String RECORDING = "/plugins/{plugin}/recordings/{id}";
  private static final Pattern ID = Pattern.compile("[0-9]{1,18}");

  /** The most calls on a page, and about how many characters they may take: 100 KB with markup. */
  private static final int MAX_ROWS = 60;

  private static final int MAX_CHARS = 50_000;

  /** The width of a bar, in the units of its picture. */
  private static final int BAR = 1000;

  private final Host host;

  CallsPage(Host host) {
    this.host = host;
  }

  /**
   * What a visitor wants to see.
   *
   * @param plugin empty for all plugins
   * @param why null for all reasons
   */
  record Filter(String plugin, @Nullable Why why) {
    static Filter of(Visit visit) {
      String why = visit.query("why").orElse("");
      for (Why known : Why.values()) {
        if (name(known).equals(why)) {
          return new Filter(visit.query("plugin").orElse(""), known);
        }
      }
      return new Filter(visit.query("plugin").orElse(""), null);
    }

    static String name(Why why) {
      return why.name().toLowerCase(Locale.ROOT);
    }

    /** The reason as in the address of the page; empty for all. */
    String reason() {
      return why == null ? "" : name(why);
    }

    boolean takes(NotedCall call) {
      return (plugin.isEmpty() || plugin.equals(call.plugin()))
          && (why == null || why == call.why());
    }

    /** The path of the live part. */
    String live() {
      return LIVE
          + "?plugin="
          + URLEncoder.encode(plugin, StandardCharsets.UTF_8)
          + "&why="
          + reason();
    }
  }

  /** The page around the live part. */
  record Model(Filter filter, List<String> plugins, List<String> reasons, Calls calls) {}

  /**
   * The live part.
   *
   * @param older how many calls are kept and not shown
   * @param leftOut how many calls of the plugins in service were not recorded
   */
  record Calls(List<Row> rows, int older, long leftOut) {}

  /**
   * One call.
   *
   * @param isRecorded whether its recording can be downloaded
   * @param parts of the bar
   */
  record Row(NotedCall call, boolean isRecorded, List<Part> parts) {
    /** The path of its recording. */
    String recording() {
      return "/plugins/" + Frame.encoded(call.plugin()) + "/recordings/" + call.recording();
    }

    String why() {
      return Filter.name(call.why());
    }

    /** The colour of its tag. */
    String tone() {
      return call.why() == Why.FAILED ? "bad" : "warn";
    }

    String when() {
      return Shown.time(call.began());
    }

    String took() {
      return Shown.time(call.took());
    }

    /** The backtrace, a line for each frame. */
    List<String> frames() {
      return call.backtrace().stream().map(TurnFailure.Frame::toString).toList();
    }
  }

  /**
   * A part of a call's time.
   *
   * @param kind the name of its colour
   * @param start in thousandths of the whole
   * @param width in thousandths of the whole
   */
  record Part(String kind, String label, String time, int start, int width) {}

  @Override
  public void addTo(Routes routes) {
    routes.nav("Calls", PATH);
    routes.page(PATH, visit -> Answer.page("Calls", "calls", model(Filter.of(visit))));
    // What callers sent is not for everybody who may look.
    routes.changePage(RECORDING, this::recording);
    routes.live(LIVE, visit -> new Route.Fragment("callslive", calls(Filter.of(visit))));
  }

  private Answer recording(Visit visit) {
    String plugin = visit.path("plugin");
    String id = visit.path("id");
    Recording recording =
        (ID.matcher(id).matches()
                ? host.recordings().get(plugin, Long.parseLong(id))
                : Optional.<Recording>empty())
            .orElseThrow(() ->
                new Refusal(
                    Refusal.NOT_FOUND,
                    "There is no recording of this call now: newer ones may have taken its"
                        + " place."));
    return new Answer.Download(
        "application/json",
        recording.plugin() + "-" + id + ".recording.json",
        out -> out.write(recording.file()));
  }

  private Model model(Filter filter) {
    List<String> plugins = host.plugins().list().stream().map(StoredPlugin::name).toList();
    List<String> reasons = new ArrayList<>();
    for (Why why : Why.values()) {
      reasons.add(Filter.name(why));
    }
    return new Model(filter, plugins, reasons, calls(filter));
  }

  /** Whether a call's recording is still kept. */
  private boolean isKept(NotedCall call) {
    return call.recording() > 0
        && host.recordings().get(call.plugin(), call.recording()).isPresent();
  }

  private Calls calls(Filter filter) {
    List<NotedCall> kept =
        host.activity().recentCalls().stream().filter(filter::takes).toList().reversed();
    List<Row> rows = new ArrayList<>();
    int chars = 0;
    for (NotedCall call : kept) {
      chars += chars(call);
      if (rows.size() == MAX_ROWS || (chars > MAX_CHARS && !rows.isEmpty())) {
        break;
      }
      rows.add(
          new Row(
              call,
              isKept(call),
              parts(call.took(), call.queued(), call.guest(), call.host(), call.waited())));
    }
    return new Calls(rows, kept.size() - rows.size(), leftOut(filter));
  }

  private long leftOut(Filter filter) {
    if (!filter.plugin().isEmpty()) {
      return host.activity().leftOut(filter.plugin());
    }
    return host.plugins().list().stream()
        .mapToLong(plugin -> host.activity().leftOut(plugin.name()))
        .sum();
  }

  private static int chars(NotedCall call) {
    int chars = call.reason().length();
    for (TurnFailure.Frame frame : call.backtrace()) {
      chars += frame.toString().length();
    }
    return chars;
  }

  /** The parts of a call's time, for its bar. */
  static List<Part> parts(
      Duration took, Duration queued, Duration guest, Duration host, Duration waited) {
    List<Part> parts = new ArrayList<>();
    add(parts, took, "queued", "waiting for an instance", queued);
    add(parts, took, "guest", "guest", guest);
    add(parts, took, "host", "host functions", host.minus(waited));
    add(parts, took, "waited", "waiting in host functions", waited);
    add(
        parts,
        took,
        "other",
        "the host around the call",
        took.minus(queued).minus(guest).minus(host));
    return parts;
  }

  private static void add(
      List<Part> parts, Duration took, String kind, String label, Duration time) {
    if (time.isPositive()) {
      int start = parts.isEmpty() ? 0 : parts.getLast().start() + parts.getLast().width();
      int width = (int) Math.round(BAR * Shown.part(time.toNanos(), took.toNanos()));
      parts.add(new Part(kind, label, Shown.time(time), start, Math.min(width, BAR - start)));
    }
  }
}
