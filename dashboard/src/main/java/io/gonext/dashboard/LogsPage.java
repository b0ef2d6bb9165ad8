package io.gonext.dashboard;

import io.gonext.host.Host;
import io.gonext.host.LogLine;
import io.gonext.host.StoredPlugin;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.slf4j.event.Level;

/** What plugins log on this host, newest first, by plugin, level and text. */
final class LogsPage implements Page {
  private static final String PATH = "/logs";
  private static final String LIVE = "/live/logs";

  /** The most lines on a page, and about how many characters they may take: 100 KB with markup. */
  private static final int MAX_ROWS = 250;

  private static final int MAX_CHARS = 50_000;
  private static final int MARKUP_CHARS = 150;

  private static final int MAX_TEXT = 200;

  private final Host host;

  LogsPage(Host host) {
    this.host = host;
  }

  /**
   * What a visitor wants to see.
   *
   * @param plugin empty for all plugins
   * @param level the lowest
   * @param text that a line has, in any case; empty for all lines
   */
  record Filter(String plugin, Level level, String text) {
    static Filter of(Visit visit) {
      String text = visit.query("q").orElse("").strip();
      return new Filter(
          visit.query("plugin").orElse(""),
          level(visit.query("level").orElse("")),
          text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) : text);
    }

    private static Level level(String name) {
      for (Level level : Level.values()) {
        if (LogsPage.name(level).equals(name)) {
          return level;
        }
      }
      return Level.TRACE;
    }

    String least() {
      return name(level);
    }

    /** The path of the live part. */
    String live() {
      return LIVE
          + "?plugin="
          + URLEncoder.encode(plugin, StandardCharsets.UTF_8)
          + "&level="
          + least()
          + "&q="
          + URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
  }

  /** The page around the live part. */
  record Model(Filter filter, List<String> plugins, List<String> levels, Lines lines) {}

  /**
   * The live part.
   *
   * @param older how many lines are kept and not shown
   */
  record Lines(List<Row> rows, int older) {}

  record Row(String plugin, LogLine line) {
    String when() {
      return Shown.time(line.at());
    }

    String level() {
      return name(line.level());
    }

    /** The colour of its level. */
    String tone() {
      return switch (line.level()) {
        case ERROR -> "bad";
        case WARN -> "warn";
        default -> "";
      };
    }
  }

  private static String name(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void addTo(Routes routes) {
    routes.nav("Logs", PATH);
    routes.page(PATH, visit -> Answer.page("Logs", "logs", model(Filter.of(visit))));
    routes.live(LIVE, visit -> new Route.Fragment("logslive", lines(Filter.of(visit))));
  }

  private List<String> plugins() {
    return host.plugins().list().stream().map(StoredPlugin::name).toList();
  }

  private Model model(Filter filter) {
    List<String> levels = new ArrayList<>();
    for (Level level : Level.values()) {
      levels.add(name(level));
    }
    return new Model(filter, plugins(), levels.reversed(), lines(filter));
  }

  private Lines lines(Filter filter) {
    Pattern text = Pattern.compile(filter.text(), Pattern.LITERAL | Pattern.CASE_INSENSITIVE);
    List<Row> all = new ArrayList<>();
    for (String plugin : filter.plugin().isEmpty() ? plugins() : List.of(filter.plugin())) {
      for (LogLine line : host.logs().recent(plugin)) {
        if (line.level().toInt() >= filter.level().toInt() && text.matcher(line.text()).find()) {
          all.add(new Row(plugin, line));
        }
      }
    }
    all.sort(Comparator.comparingLong((Row row) -> row.line().id()).reversed());
    int shown = 0;
    int chars = 0;
    while (shown < Math.min(all.size(), MAX_ROWS) && chars < MAX_CHARS) {
      chars += all.get(shown).line().text().length() + MARKUP_CHARS;
      shown++;
    }
    return new Lines(List.copyOf(all.subList(0, shown)), all.size() - shown);
  }
}
