package io.gonext.cli.profile;

import io.gonext.cli.output.AtomicFile;
import io.gonext.host.PluginProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that make a profile: what is printed, and which files are written. */
public final class ProfileOutput {
  private static final int MOST_ROWS = 10_000;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a flame graph: a page that loads nothing.")
  private @Nullable Path html;

  @Option(
      names = "--pprof",
      paramLabel = "FILE",
      description = "Write the profile for go tool pprof.")
  private @Nullable Path pprof;

  @Option(
      names = "--collapsed",
      paramLabel = "FILE",
      description = "Write the stacks as lines, for other tools.")
  private @Nullable Path collapsed;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "15",
      description = "Print so many functions and lines (default: ${DEFAULT-VALUE}).")
  private int top;

  /**
   * Writes the files.
   *
   * @return lines for people: tables, and the names of the files
   */
  public List<String> write(PluginProfile profile) {
    List<String> text = new ArrayList<>(ProfileText.text(profile, Math.clamp(top, 0, MOST_ROWS)));
    write(html, FlameGraph.page(profile), text);
    write(pprof, Pprof.bytes(profile), text);
    write(collapsed, CollapsedStacks.bytes(profile), text);
    return text;
  }

  private static void write(@Nullable Path file, byte[] bytes, List<String> text) {
    if (file != null) {
      AtomicFile.write(file, bytes);
      text.add("wrote " + file);
    }
  }
}
