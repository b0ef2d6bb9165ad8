package io.gonext.cli.testing;

import io.gonext.engine.Coverage;
import io.gonext.engine.SourceLocation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which lines of a project's own sources ran: those of files in the project, without its copy of
 * the SDK and what tools have put there.
 *
 * @param files the runs of each line that has code, by file, relative to the project with slashes
 */
public record SourceCoverage(Path project, SortedMap<String, SortedMap<Integer, Long>> files) {
  private static final Set<String> OF_OTHERS =
      Set.of("sdk", "target", "build", "node_modules", "vendor", ".git");

  /** Finds the lines of a project in what ran. */
  public static SourceCoverage of(Path project, Coverage coverage) {
    SortedMap<String, SortedMap<Integer, Long>> files = new TreeMap<>();
    Path root = project.toAbsolutePath().normalize();
    for (Coverage.Line line : coverage.lines()) {
      SourceLocation source = line.source();
      String file = inProject(root, source.file());
      if (file != null && source.line() > 0) {
        files
            .computeIfAbsent(file, _ -> new TreeMap<>())
            .merge(source.line(), line.runs(), Long::sum);
      }
    }
    return new SourceCoverage(root, files);
  }

  /** A file of the project itself, or null. */
  private static @Nullable String inProject(Path root, String named) {
    Path file;
    try {
      file = root.resolve(named).normalize();
    } catch (IllegalArgumentException e) {
      return null;
    }
    if (!file.startsWith(root) || !Files.isRegularFile(file)) {
      return null;
    }
    Path relative = root.relativize(file);
    return relative.getNameCount() > 1 && OF_OTHERS.contains(relative.getName(0).toString())
        ? null
        : relative.toString().replace('\\', '/');
  }

  /** The lines that have code. */
  public long lines() {
    return files.values().stream().mapToLong(Map::size).sum();
  }

  /** The lines that ran. */
  public long hit() {
    return files.values().stream().mapToLong(SourceCoverage::hit).sum();
  }

  private static long hit(SortedMap<Integer, Long> lines) {
    return lines.values().stream().filter(runs -> runs > 0).count();
  }

  /** As {@code lcov} and {@code genhtml} read it. */
  public String lcov() {
    StringBuilder text = new StringBuilder();
    files.forEach((file, lines) -> {
      text.append("TN:\nSF:").append(project.resolve(file)).append('\n');
      lines.forEach(
          (line, runs) -> text.append("DA:").append(line).append(',').append(runs).append('\n'));
      text.append("LF:").append(lines.size()).append('\n');
      text.append("LH:").append(hit(lines)).append("\nend_of_record\n");
    });
    return text.toString();
  }

  /** A page with all sources, which needs no other file. */
  public String html(String plugin) throws IOException {
    StringBuilder page = new StringBuilder();
    page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>")
        .append(escaped(plugin))
        .append(": coverage</title>\n<style>\n")
        .append(
            """
            :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
            body { margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; }
            td, th { padding: .15rem .8rem .15rem 0; text-align: left; }
            pre { font: 13px/1.5 ui-monospace, monospace; overflow-x: auto; }
            pre > span { display: block; padding: 0 .5rem; white-space: pre; }
            .n { display: inline-block; width: 9rem; opacity: .7; }
            .hit { background: rgb(0 160 60 / .16); }
            .miss { background: rgb(220 40 40 / .2); }
            """)
        .append("</style></head><body>\n<h1>")
        .append(escaped(plugin))
        .append("</h1>\n<p>")
        .append(percent(hit(), lines()))
        .append(" of the lines with code ran: ")
        .append(hit())
        .append(" of ")
        .append(lines())
        .append(".</p>\n<table><tr><th>File</th><th>Ran</th><th>Lines</th></tr>\n");
    files.forEach((file, lines) ->
        page.append("<tr><td><a href=\"#")
            .append(escaped(file))
            .append("\">")
            .append(escaped(file))
            .append("</a></td><td>")
            .append(percent(hit(lines), lines.size()))
            .append("</td><td>")
            .append(hit(lines))
            .append(" of ")
            .append(lines.size())
            .append("</td></tr>\n"));
    page.append("</table>\n");
    for (Map.Entry<String, SortedMap<Integer, Long>> file : files.entrySet()) {
      source(page, file.getKey(), file.getValue());
    }
    return page.append("</body></html>\n").toString();
  }

  private void source(StringBuilder page, String file, SortedMap<Integer, Long> lines)
      throws IOException {
    page.append("<h2 id=\"")
        .append(escaped(file))
        .append("\">")
        .append(escaped(file))
        .append("</h2>\n<pre>");
    List<String> text =
        new String(Files.readAllBytes(project.resolve(file)), StandardCharsets.UTF_8)
            .lines()
            .toList();
    for (int number = 1; number <= text.size(); number++) {
      Long runs = lines.get(number);
      String kind = runs == null ? "" : runs > 0 ? " class=\"hit\"" : " class=\"miss\"";
      page.append("<span")
          .append(kind)
          .append("><span class=\"n\">")
          .append(String.format(Locale.ROOT, "%5d %10s", number, runs == null ? "" : runs + "x"))
          .append("</span>")
          .append(escaped(text.get(number - 1)))
          .append("</span>");
    }
    page.append("</pre>\n");
  }

  /** A share in percent, without digits behind the point. */
  public static String percent(long part, long whole) {
    return (whole == 0 ? 0 : part * 100 / whole) + " %";
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
