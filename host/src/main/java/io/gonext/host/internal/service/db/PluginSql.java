package io.gonext.host.internal.service.db;

import io.gonext.engine.PlainText;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.service.db.PluginConnections.Held;
import io.gonext.host.internal.store.PluginDatabases;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The SQL of one version of a plugin.
 *
 * <p>Thread-safe.
 */
final class PluginSql {
  private static final Logger log = LoggerFactory.getLogger(PluginSql.class);

  private static final int MAX_ARGUMENTS_BYTES = 1024 * 1024;
  private static final String NO_TIME = "the plugin's own time was over";

  private final DatabaseService service;
  private final PluginScope scope;
  private final String plugin;
  private final PluginState state;
  private final SqlArguments arguments;
  private final long maxBytes;

  private final Map<Timed, Timer> timers = new ConcurrentHashMap<>();

  private record Timed(SqlKind kind, SqlOutcome outcome) {}

  PluginSql(DatabaseService service, PluginScope scope, PluginState state, long maxBytes) {
    this.service = service;
    this.scope = scope;
    this.plugin = scope.manifest().name();
    this.state = state;
    this.arguments = new SqlArguments(service.dialect());
    this.maxBytes = maxBytes;
  }

  /** {@code gn_db_read} and {@code gn_db_write}. */
  HostAnswer one(SqlKind kind, GuestArguments guest) {
    return measured(
        kind,
        () -> {
          String sql = guest.text(0, SqlStatement.MAX_SQL_BYTES);
          JsonNode values =
              guest.number(3) == 0
                  ? JsonNodeFactory.instance.arrayNode()
                  : guest.json(2, MAX_ARGUMENTS_BYTES);
          if (!values.isArray()) {
            throw SqlRefusedException.badArguments("the arguments are a JSON array");
          }
          SqlStatement statement = new SqlStatement(sql, values);
          return kind == SqlKind.READ
              ? read(statement, guest)
              : run(kind, List.of(statement), null, guest.remaining());
        });
  }

  /** {@code gn_db_batch}. */
  HostAnswer batch(GuestArguments guest) {
    return measured(
        SqlKind.BATCH,
        () -> {
          JsonNode json = guest.json(0, MAX_ARGUMENTS_BYTES);
          List<SqlStatement> statements = SqlStatement.batch(json);
          JsonNode jobs = json.get("enqueue");
          if (jobs != null && !jobs.isArray()) {
            throw SqlRefusedException.badArguments("\"enqueue\" is an array of jobs");
          }
          return run(SqlKind.BATCH, statements, jobs, guest.remaining());
        });
  }

  @FunctionalInterface
  private interface Call {
    HostAnswer make() throws SqlRefusedException;
  }

  private HostAnswer measured(SqlKind kind, Call call) {
    if (!scope.mode().hasEffects()) {
      return answered(call);
    }
    long began = service.nanoTime();
    Span span =
        service
            .tracer()
            .spanBuilder("gonext.db " + kind.label())
            .setSpanKind(SpanKind.CLIENT)
            .setAttribute("gonext.plugin", plugin)
            .setAttribute("db.namespace", PluginDatabases.schemaOf(plugin))
            .startSpan();
    SqlOutcome outcome = SqlOutcome.BAD_ARGUMENTS;
    try {
      HostAnswer answer = answered(call);
      outcome = outcome(answer);
      tell(kind, answer);
      return answer;
    } finally {
      if (outcome != SqlOutcome.OK) {
        span.setStatus(StatusCode.ERROR, outcome.label());
      }
      span.end();
      timer(kind, outcome).record(service.nanoTime() - began, TimeUnit.NANOSECONDS);
    }
  }

  /** To find a timer by its tags takes longer than to read a row. */
  private Timer timer(SqlKind kind, SqlOutcome outcome) {
    return timers.computeIfAbsent(
        new Timed(kind, outcome), _ -> service.timer(plugin, kind, outcome));
  }

  private static HostAnswer answered(Call call) {
    try {
      return call.make();
    } catch (SqlRefusedException e) {
      return e.answer();
    }
  }

  /** The author reads the reason in the plugin's log, too. */
  private void tell(SqlKind kind, HostAnswer answer) {
    String reason =
        switch (answer) {
          case HostAnswer.Explained(_, String message) -> message;
          case HostAnswer.RejectedByDatabase(String sqlState, String message) ->
              message + " (" + sqlState + ")";
          case HostAnswer.Unavailable(String message) -> message;
          default -> "";
        };
    if (!reason.isEmpty()) {
      scope.log().write(Level.WARN, kind.function() + ": " + PlainText.of(reason));
    }
  }

  private static SqlOutcome outcome(HostAnswer answer) {
    return switch (answer) {
      case HostAnswer.Body _ -> SqlOutcome.OK;
      case HostAnswer.RejectedByDatabase _ -> SqlOutcome.REJECTED;
      case HostAnswer.Explained(Refused refused, _) ->
          switch (refused) {
            case CONFLICT -> SqlOutcome.CONFLICT;
            case TIMED_OUT -> SqlOutcome.TIMED_OUT;
            case RATE_LIMITED -> SqlOutcome.RATE_LIMITED;
            case QUOTA -> SqlOutcome.QUOTA;
            default -> SqlOutcome.BAD_ARGUMENTS;
          };
      default -> SqlOutcome.UNAVAILABLE;
    };
  }

  /** Reads on the guest's thread, or on one of the host's where the database asks for that. */
  private HostAnswer read(SqlStatement statement, GuestArguments guest) {
    long budget = Math.min(SqlKind.READ.budget().toNanos(), guest.remaining().toNanos());
    long deadline = service.nanoTime() + budget;
    HostAnswer refused = enter(budget);
    if (refused != null) {
      return refused;
    }
    boolean entered = true;
    try {
      while (true) {
        Held held = service.idleReader(plugin, state, arguments.known(statement.sql()));
        if (held == null && !service.readsHere()) {
          entered = false;
          return run(SqlKind.READ, List.of(statement), null, budget, deadline);
        }
        if (held == null) {
          CompletableFuture<Held> opening = service.openReader(plugin);
          held = opened(opening, deadline);
          if (held == null) {
            entered = false;
            service.abandon(opening, state);
            return lateOrLost(opening);
          }
        }
        HostAnswer answer = readOn(held, statement, guest, budget, deadline);
        if (answer != null) {
          return answer;
        }
      }
    } catch (SQLException | RejectedExecutionException e) {
      log.warn("the database of {} is not available: {}", plugin, e.getMessage());
      return SqlFailure.unavailable();
    } finally {
      if (entered) {
        service.leave(state);
      }
    }
  }

  /** Null if the wait for it was in vain. */
  private @Nullable Held opened(CompletableFuture<Held> opening, long deadline) {
    try {
      return opening.get(deadline - service.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      log.warn("the database of {} is not available: {}", plugin, message(e.getCause()));
      return null;
    }
  }

  private static String message(@Nullable Throwable failure) {
    return failure == null ? "" : String.valueOf(failure.getMessage());
  }

  private static HostAnswer lateOrLost(CompletableFuture<Held> opening) {
    return opening.isCompletedExceptionally()
        ? SqlFailure.unavailable()
        : timedOut("no connection to the database was open in time");
  }

  private @Nullable HostAnswer readOn(
      Held held, SqlStatement statement, GuestArguments guest, long budget, long deadline) {
    SqlRead read = service.reading(plugin, statement, arguments);
    try {
      HostAnswer answer =
          guest.uninterrupted(
              Duration.ofNanos(deadline - service.nanoTime()),
              () -> service.cutOff(read),
              () -> read.on(held));
      return read.isCut() ? cutOff(SqlKind.READ, budget) : answer;
    } finally {
      service.endRead(state);
      if (!read.hasBegun()) {
        // The guest's time was over, or its stack nearly full.
        service.giveBack(held);
      }
    }
  }

  private HostAnswer cutOff(SqlKind kind, long budget) {
    if (budget == kind.budget().toNanos()) {
      service.recordCutOff(plugin, kind, state);
    }
    return timedOut("its session was ended after %d ms".formatted(budget / 1_000_000));
  }

  private @Nullable HostAnswer enter(long budget) {
    if (Thread.currentThread().isInterrupted()) {
      return timedOut(NO_TIME);
    }
    try {
      return service.enter(state, budget);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return timedOut(NO_TIME);
    }
  }

  /**
   * Runs statements in one transaction.
   *
   * @param remaining how long the guest may still take
   */
  HostAnswer run(
      SqlKind kind, List<SqlStatement> statements, @Nullable JsonNode jobs, Duration remaining) {
    long budget = Math.min(kind.budget().toNanos(), remaining.toNanos());
    long deadline = service.nanoTime() + budget;
    HostAnswer refused = enter(budget);
    return refused == null ? run(kind, statements, jobs, budget, deadline) : refused;
  }

  /** As {@link #run(SqlKind, List, JsonNode, Duration)}, once it is entered. */
  private HostAnswer run(
      SqlKind kind,
      List<SqlStatement> statements,
      @Nullable JsonNode jobs,
      long budget,
      long deadline) {
    SqlRun run =
        service.start(
            new SqlRun.Task(
                plugin,
                PluginDatabases.schemaOf(plugin),
                kind,
                statements,
                jobs,
                maxBytes,
                scope.mode().hasEffects()),
            arguments,
            state);
    try {
      return run.answer().get(deadline - service.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      service.cutOff(run);
      return timedOut(NO_TIME);
    } catch (TimeoutException e) {
      service.cutOff(run);
      return cutOff(kind, budget);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a run completes normally", e);
    }
  }

  private static HostAnswer timedOut(String why) {
    return new HostAnswer.Explained(Refused.TIMED_OUT, why);
  }
}
