package io.gonext.host.internal.hook;

import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.hook.ChainBatchFilter.Taken;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Many values on their way through one chain. Only the thread that runs it may use it. */
final class Batch {
  private final Chain chain;
  private final List<JsonNode> args;
  private final List<JsonNode> values;

  /** Positions of the values that no handler has ended the chain for, ascending. */
  private List<Integer> going;

  Batch(Chain chain, List<JsonNode> values, List<JsonNode> args) {
    this.chain = chain;
    this.args = args;
    this.values = new ArrayList<>(values);
    this.going = new ArrayList<>(values.size());
    for (int i = 0; i < values.size(); i++) {
      going.add(i);
    }
  }

  /** The values as the handlers so far left them. */
  List<JsonNode> values() {
    return values;
  }

  void run(Registration<ChainFilter> registration) throws InterruptedException {
    if (going.isEmpty()) {
      return;
    }
    if (!(registration.handler() instanceof ChainBatchFilter handler)
        || !together(registration, handler)) {
      oneByOne(registration);
    }
  }

  /** Whether the handler took the values together, whatever became of them. */
  private boolean together(Registration<ChainFilter> registration, ChainBatchFilter handler)
      throws InterruptedException {
    Turn turn = chain.turn(registration);
    List<JsonNode> given = going.stream().map(values::get).toList();
    Optional<Taken> taken = taken(handler, given);
    if (taken.isEmpty()) {
      return false;
    }
    try {
      List<JsonNode> made =
          chain.watched(
              registration,
              turn,
              t -> {
                List<JsonNode> answer = taken.get().filter(t);
                if (answer.size() != given.size()) {
                  throw new HookFailedException(
                      HookOutcome.BAD_ANSWER,
                      "it answered " + answer.size() + " values to " + given.size(),
                      null);
                }
                return answer;
              });
      List<Integer> still = new ArrayList<>(going.size());
      for (int i = 0; i < made.size(); i++) {
        values.set(going.get(i), made.get(i));
        if (!turn.isStopped(i)) {
          still.add(going.get(i));
        }
      }
      going = still;
    } catch (HookFailedException e) {
      chain.failed(registration, e);
    }
    return true;
  }

  /** A handler that cannot even take the values fails in its turn, as any other. */
  private Optional<Taken> taken(ChainBatchFilter handler, List<JsonNode> given) {
    try {
      return handler.take(given, args);
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      return Optional.of(turn -> {
        throw e;
      });
    }
  }

  private void oneByOne(Registration<ChainFilter> registration) throws InterruptedException {
    List<Integer> still = new ArrayList<>(going.size());
    for (int at : going) {
      Turn turn = chain.turn(registration);
      JsonNode before = values.get(at);
      values.set(
          at,
          chain.run(
              registration, turn, before, t -> registration.handler().filter(before, args, t)));
      if (!turn.isStopped()) {
        still.add(at);
      }
    }
    going = still;
  }
}
