package io.gonext.cli.admin;

import io.gonext.cli.admin.TopOverview.Plugin;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jline.utils.WCWidth;
import org.jspecify.annotations.Nullable;

/**
 * What {@code gonext top} shows, and what its keys do. It knows no terminal: a key comes in, lines
 * go out.
 *
 * <p>For one thread.
 */
final class TopScreen {
  /** Keys that are not characters. */
  enum Key {
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HOME,
    END,
    ENTER,
    BACKSPACE,
    ESCAPE,
    CTRL_C,
    OTHER
  }

  /** How a line looks. */
  enum Style {
    PLAIN,
    HEAD,
    WARNING,
    BAD,
    DIM
  }

  /** A line that is as wide as the terminal at most. */
  record Line(String text, Style style, boolean selected) {
    Line(String text, Style style) {
      this(text, style, false);
    }
  }

  private static final int HEADER_LINES = 4;
  private static final int MAX_FILTER = 40;
  private static final String BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";

  private static final String KEYS =
      "up/down select  enter open  / filter  n s c p f u w m t sort (again: reverse)  q quit";

  private static final String DETAIL_KEYS = "esc back  up/down scroll  q quit";

  private final String host;
  private TopColumn sort;
  private boolean backwards;
  private String filter;
  private boolean typing;

  private TopOverview now = new TopOverview(new TopOverview.Memory(0, 0, 0, 0), List.of());
  private @Nullable TopDetail detail;
  private @Nullable String opened;
  private String selected = "";
  private int scrolled;
  private int page = 1;
  private String message = "";

  /**
   * @param host its URL
   * @param filter shows only plugins whose name contains it; empty for all
   */
  TopScreen(String host, TopColumn sort, String filter) {
    this.host = host;
    this.sort = sort;
    this.filter = filter;
  }

  /** The host has answered. */
  void show(TopOverview overview, @Nullable TopDetail answer) {
    now = overview;
    if (answer == null || answer.name().equals(opened)) {
      detail = answer;
    }
    message = "";
  }

  /** The host did not answer. The last answer stays on the screen. */
  void failed(String why) {
    message = why;
  }

  /** The plugin whose page is open; null for the list. */
  @Nullable String opened() {
    return opened;
  }

  // ---- keys -------------------------------------------------------------------------------------

  /** A character was typed; false to end. */
  boolean typed(char character) {
    if (typing) {
      if (character > ' ' && character < 0x7F && filter.length() < MAX_FILTER) {
        filter += character;
      }
      return true;
    }
    if (character == 'q') {
      return false;
    }
    if (opened != null) {
      return true;
    }
    switch (character) {
      case '/' -> typing = true;
      case 'j' -> move(1);
      case 'k' -> move(-1);
      default -> sortBy(character);
    }
    return true;
  }

  private void sortBy(char key) {
    for (TopColumn column : TopColumn.values()) {
      if (column.key() == key) {
        backwards = column == sort && !backwards;
        sort = column;
      }
    }
  }

  /** A key was pressed; false to end. */
  boolean pressed(Key key) {
    switch (key) {
      case CTRL_C -> {
        return false;
      }
      case UP -> move(-1);
      case DOWN -> move(1);
      case PAGE_UP -> move(-page);
      case PAGE_DOWN -> move(page);
      case HOME -> move(Integer.MIN_VALUE / 2);
      case END -> move(Integer.MAX_VALUE / 2);
      case ENTER -> enter();
      case ESCAPE -> leave();
      case BACKSPACE -> {
        if (typing) {
          filter = filter.substring(0, Math.max(0, filter.length() - 1));
        } else {
          leave();
        }
      }
      case OTHER -> {
        // No key of this screen.
      }
    }
    return true;
  }

  private void enter() {
    if (typing) {
      typing = false;
    } else if (opened == null) {
      List<Plugin> plugins = shown();
      if (!plugins.isEmpty()) {
        opened = plugins.get(selection(plugins)).name();
        detail = null;
        scrolled = 0;
      }
    }
  }

  private void leave() {
    if (typing) {
      typing = false;
      filter = "";
    } else if (opened != null) {
      opened = null;
      scrolled = 0;
    } else {
      filter = "";
    }
  }

  private void move(int lines) {
    if (opened != null) {
      scrolled = Math.max(0, scrolled + lines);
      return;
    }
    List<Plugin> plugins = shown();
    if (!plugins.isEmpty()) {
      int to = Math.clamp((long) selection(plugins) + lines, 0, plugins.size() - 1);
      selected = plugins.get(to).name();
    }
  }

  private List<Plugin> shown() {
    return sort.sorted(
        now.plugins().stream().filter(plugin -> plugin.name().contains(filter)).toList(),
        backwards);
  }

  /** The place of the selected plugin; the first if it is not there any more. */
  private int selection(List<Plugin> plugins) {
    for (int i = 0; i < plugins.size(); i++) {
      if (plugins.get(i).name().equals(selected)) {
        return i;
      }
    }
    return 0;
  }

  // ---- lines ------------------------------------------------------------------------------------

  /** The screen: at most {@code height} lines, each at most {@code width} columns wide. */
  List<Line> lines(int width, int height) {
    page = Math.max(1, height - HEADER_LINES);
    List<Line> lines = new ArrayList<>();
    lines.add(new Line(title(), Style.PLAIN));
    lines.add(new Line(memory(), Style.PLAIN));
    lines.add(status());
    if (opened == null) {
      addPlugins(lines);
    } else {
      addDetail(lines, opened, width);
    }
    return lines.stream()
        .limit(Math.max(0, height))
        .map(line -> new Line(fit(line.text, width), line.style, line.selected))
        .toList();
  }

  /** The overview without a terminal: all plugins, as wide as they are. */
  List<String> plainLines() {
    List<Line> lines = new ArrayList<>();
    page = Integer.MAX_VALUE;
    addPlugins(lines);
    return Stream.concat(Stream.of(title(), memory()), lines.stream().map(Line::text))
        .map(String::stripTrailing)
        .toList();
  }

  private String title() {
    long serving = now.plugins().stream().filter(plugin -> plugin.state().equals("ACTIVE")).count();
    long attention = now.plugins().stream().filter(Plugin::needsAttention).count();
    int plugins = now.plugins().size();
    return "gonext at %s: %d %s, %d in service, %s"
        .formatted(
            host,
            plugins,
            plugins == 1 ? "plugin" : "plugins",
            serving,
            attention == 0 ? "all well" : attention + " to look at");
  }

  private String memory() {
    TopOverview.Memory memory = now.memory();
    return "heap %s of %s, instances %s of %s, %s calls/s"
        .formatted(
            TopOverview.size(memory.heapUsed()),
            TopOverview.size(memory.heapMax()),
            TopOverview.size(memory.instances()),
            TopOverview.size(memory.budget()),
            TopOverview.rate(now.plugins().stream().mapToDouble(Plugin::callsPerSecond).sum()));
  }

  private Line status() {
    if (!message.isEmpty()) {
      return new Line(message, Style.BAD);
    }
    if (typing) {
      return new Line("filter: " + filter + "_  (enter keep, esc clear)", Style.HEAD);
    }
    String keys = opened == null ? KEYS : DETAIL_KEYS;
    return new Line(
        filter.isEmpty() ? keys : "filter " + filter + " (esc clears)  " + keys, Style.DIM);
  }

  private void addPlugins(List<Line> lines) {
    List<Plugin> plugins = shown();
    Map<TopColumn, Integer> widths = widths(plugins);
    StringBuilder head = new StringBuilder();
    for (TopColumn column : TopColumn.values()) {
      append(head, column.head(), column, widths);
    }
    lines.add(new Line(head.toString(), Style.HEAD));
    if (plugins.isEmpty()) {
      lines.add(
          new Line(
              filter.isEmpty() ? "no plugins are installed" : "no plugin's name contains " + filter,
              Style.PLAIN));
      return;
    }
    int at = selection(plugins);
    // The selected plugin is always on the screen.
    int first = Math.max(0, Math.min(at - page / 2, plugins.size() - page));
    for (int i = first; i < plugins.size(); i++) {
      Plugin plugin = plugins.get(i);
      StringBuilder row = new StringBuilder();
      for (TopColumn column : TopColumn.values()) {
        append(row, column.cell(plugin), column, widths);
      }
      lines.add(new Line(row.toString(), style(plugin), i == at));
    }
  }

  private static Style style(Plugin plugin) {
    if (plugin.isBad()) {
      return Style.BAD;
    }
    return plugin.needsAttention() ? Style.WARNING : Style.PLAIN;
  }

  private static Map<TopColumn, Integer> widths(List<Plugin> plugins) {
    Map<TopColumn, Integer> widths = new EnumMap<>(TopColumn.class);
    for (TopColumn column : TopColumn.values()) {
      int widest =
          plugins.stream().mapToInt(plugin -> column.cell(plugin).length()).max().orElse(0);
      widths.put(column, Math.max(column.head().length(), widest));
    }
    return widths;
  }

  private static void append(
      StringBuilder line, String cell, TopColumn column, Map<TopColumn, Integer> widths) {
    pad(line, cell, Objects.requireNonNull(widths.get(column)), column.isLeft());
  }

  private static void pad(StringBuilder line, String cell, int width, boolean left) {
    String space = " ".repeat(Math.max(0, width - cell.length()));
    line.append(left ? cell + space : space + cell).append("  ");
  }

  private void addDetail(List<Line> lines, String name, int width) {
    Plugin plugin =
        now.plugins().stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
    if (plugin == null) {
      lines.add(new Line(name + " is not installed any more", Style.BAD));
      return;
    }
    lines.add(
        new Line(
            "%s@%s %s%s"
                .formatted(
                    name,
                    plugin.version(),
                    plugin.state(),
                    plugin.trouble().isEmpty() ? "" : ": " + plugin.trouble()),
            style(plugin) == Style.PLAIN ? Style.HEAD : style(plugin)));
    List<Line> body = new ArrayList<>();
    if (detail == null || !detail.name().equals(name)) {
      body.add(new Line(plugin.serves() ? "..." : "It does not serve.", Style.PLAIN));
    } else {
      addInstances(body, detail, plugin);
      addHistory(body, detail, width);
      addHandlers(body, detail);
      addCalls(body, detail);
    }
    scrolled = Math.min(scrolled, Math.max(0, body.size() - page));
    lines.addAll(body.subList(scrolled, body.size()));
  }

  private static void addInstances(List<Line> lines, TopDetail detail, Plugin plugin) {
    StringBuilder cells = new StringBuilder();
    for (String state : detail.instances()) {
      cells.append(
          switch (state) {
            case "leased" -> '#';
            case "creating" -> '+';
            case "retiring" -> '-';
            default -> '.';
          });
    }
    lines.add(
        new Line(
            "instances [%s] %d of %d in use, %s  (# in use, . idle, + creating, - retiring)"
                .formatted(cells, plugin.inUse(), plugin.max(), TopOverview.size(plugin.bytes())),
            Style.PLAIN));
    if (!detail.waitsMicros().isEmpty()) {
      lines.add(
          new Line(
              "%d callers wait, the first for %s"
                  .formatted(plugin.waiting(), TopOverview.time(detail.waitsMicros().getFirst())),
              Style.WARNING));
    }
  }

  private static void addHistory(List<Line> lines, TopDetail detail, int width) {
    List<Double> history = detail.callsPerSecond();
    int most = Math.max(1, width - "calls/s ".length() - 16);
    List<Double> shown = history.subList(Math.max(0, history.size() - most), history.size());
    double highest = shown.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    StringBuilder bars = new StringBuilder();
    for (double value : shown) {
      int level = highest == 0 ? 0 : (int) Math.round(value / highest * (BARS.length() - 1));
      bars.append(BARS.charAt(level));
    }
    lines.add(new Line("calls/s " + bars + " up to " + TopOverview.rate(highest), Style.PLAIN));
  }

  private static void addHandlers(List<Line> lines, TopDetail detail) {
    int name =
        detail.handlers().stream().mapToInt(handler -> handler.name().length()).max().orElse(4);
    lines.add(new Line("", Style.PLAIN));
    lines.add(
        handler(
            "KIND",
            "NAME",
            name,
            "CALLS",
            "CALLS/S",
            "P50",
            "P99",
            "FAILURES",
            "BREAKER",
            Style.HEAD));
    for (TopDetail.Handler handler : detail.handlers()) {
      lines.add(
          handler(
              handler.kind(),
              handler.name(),
              name,
              Long.toString(handler.calls()),
              TopOverview.rate(handler.callsPerSecond()),
              TopOverview.time(handler.p50Micros()),
              TopOverview.time(handler.p99Micros()),
              Long.toString(handler.failures()),
              handler.breaker(),
              handler.breaker().equals("open") ? Style.BAD : Style.PLAIN));
    }
  }

  private static Line handler(
      String kind,
      String name,
      int nameWidth,
      String calls,
      String rate,
      String p50,
      String p99,
      String failures,
      String breaker,
      Style style) {
    StringBuilder line = new StringBuilder();
    pad(line, kind, "route".length(), true);
    pad(line, name, Math.max("NAME".length(), nameWidth), true);
    pad(line, calls, 9, false);
    pad(line, rate, 7, false);
    pad(line, p50, 7, false);
    pad(line, p99, 7, false);
    pad(line, failures, 8, false);
    return new Line(line.append(breaker).toString(), style);
  }

  private static void addCalls(List<Line> lines, TopDetail detail) {
    lines.add(new Line("", Style.PLAIN));
    lines.add(new Line("last calls that were slow, late or failed", Style.HEAD));
    if (detail.calls().isEmpty()) {
      lines.add(new Line("none", Style.PLAIN));
    }
    for (TopDetail.Call call : detail.calls()) {
      lines.add(
          new Line(
              "%s  %s  %s  %s  %s"
                  .formatted(
                      call.at().replaceAll("\\.[0-9]+Z$", "Z"),
                      call.outcome(),
                      TopOverview.time(call.tookMicros()),
                      call.handler(),
                      call.reason()),
              call.outcome().equals("OK") ? Style.PLAIN : Style.WARNING));
    }
  }

  /** The text as far as it fits, by the columns that a terminal gives each character. */
  static String fit(String text, int width) {
    StringBuilder fit = new StringBuilder();
    int column = 0;
    int i = 0;
    while (i < text.length()) {
      int character = text.codePointAt(i);
      int columns = Math.max(0, WCWidth.wcwidth(character));
      if (column + columns > width) {
        break;
      }
      fit.appendCodePoint(character);
      column += columns;
      i += Character.charCount(character);
    }
    return fit.toString();
  }

  /** For messages: the column of that name on the command line. */
  static String columnNames() {
    return String.join(
        ", ",
        Stream.of(TopColumn.values())
            .filter(column -> column.key() != TopColumn.NO_KEY)
            .map(column -> column.toString().toLowerCase(Locale.ROOT))
            .toList());
  }
}
