package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import io.gonext.engine.PlainText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code gonext top}. */
@Command(
    name = "top",
    description = {
      "Show what all plugins do, live: calls, times, failures, instances, memory.",
      "Keys: arrows select, Enter opens a plugin, / filters, a letter sorts, q ends.",
      "Without a terminal, it prints the plugins once."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext top",
      "  gonext top --sort p99 --filter shop",
      "  gonext top --once",
      "  gonext top --json"
    })
public final class TopCommand extends AdminCommand {
  /** How soon a key works, and the end of the command. */
  private static final long KEY_MILLIS = 100;

  @Spec private CommandSpec spec;

  @Option(names = "--once", description = "Print the plugins once, as text.")
  private boolean once;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "How often to ask the host (default: every second).")
  private int interval;

  @Option(
      names = "--sort",
      paramLabel = "COLUMN",
      defaultValue = "calls-s",
      description =
          "Sort by this column: name, state, calls-s, p99, failures, in-use, wait, memory or"
              + " trouble (default: ${DEFAULT-VALUE}).")
  private String sort;

  @Option(
      names = "--filter",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Show only plugins whose name contains TEXT.")
  private String filter;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return TopOverview.ask(host);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    TopScreen screen = screen();
    screen.show(TopOverview.of(answer), null);
    screen.plainLines().forEach(out::println);
  }

  @Override
  int run(AdminClient host, PrintWriter people, @Nullable JsonLines lines)
      throws InterruptedException {
    TopScreen screen = screen();
    if (interval < 1 || interval > 3_600) {
      throw new ParameterException(spec.commandLine(), "--interval must be from 1 to 3600 seconds");
    }
    if (once || lines != null) {
      return super.run(host, people, lines);
    }
    // A host that cannot be asked is an error of the command, and not something on a screen.
    JsonNode first = ask(host);
    screen.show(TopOverview.of(first), null);
    try (TopTerminal terminal = TopTerminal.open(System.getenv("NO_COLOR") == null)) {
      if (terminal == null) {
        print(first, people);
      } else {
        watch(host, screen, terminal);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the terminal cannot be used: " + e.getMessage(), e);
    }
    return ExitCode.OK;
  }

  private void watch(AdminClient host, TopScreen screen, TopTerminal terminal)
      throws IOException, InterruptedException {
    long pause = Duration.ofSeconds(interval).toNanos();
    // Keys work while the host takes its time to answer.
    try (ExecutorService asking = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Answer> answer = null;
      String asked = null;
      long next = System.nanoTime() + pause;
      do {
        if (answer != null && answer.isDone()) {
          take(answer, screen);
          answer = null;
        }
        String opened = screen.opened();
        boolean turned = opened != null && !opened.equals(asked);
        if (answer == null && (turned || System.nanoTime() - next >= 0)) {
          asked = opened;
          next = System.nanoTime() + pause;
          answer = asking.submit(() -> answer(host, opened));
        }
        terminal.draw(screen);
      } while (terminal.awaitKey(screen, KEY_MILLIS));
      asking.shutdownNow();
    }
  }

  /** What the host said; without an overview when it did not answer. */
  private record Answer(
      @Nullable TopOverview overview, @Nullable TopDetail detail, String problem) {}

  private static Answer answer(AdminClient host, @Nullable String opened)
      throws InterruptedException {
    try {
      TopOverview overview = TopOverview.of(TopOverview.ask(host));
      boolean serves =
          overview.plugins().stream()
              .anyMatch(plugin -> plugin.name().equals(opened) && plugin.serves());
      TopDetail detail = opened != null && serves ? TopDetail.ask(host, opened) : null;
      return new Answer(overview, detail, "");
    } catch (AdminException e) {
      return new Answer(null, null, PlainText.of(e.getMessage()));
    }
  }

  private static void take(Future<Answer> future, TopScreen screen) throws InterruptedException {
    try {
      Answer answer = future.get();
      if (answer.overview() != null) {
        screen.show(answer.overview(), answer.detail());
      } else {
        screen.failed(answer.problem());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("the host's answer cannot be shown", e.getCause());
    }
  }

  private TopScreen screen() {
    for (TopColumn column : TopColumn.values()) {
      if (column.key() != TopColumn.NO_KEY && column.toString().equals(sort)) {
        return new TopScreen(url(), column, filter);
      }
    }
    throw new ParameterException(
        spec.commandLine(), "--sort " + sort + ": give one of " + TopScreen.columnNames());
  }
}
