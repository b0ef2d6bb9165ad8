package io.gonext.cli.kit;

import io.gonext.cli.kit.FuzzCall.Kind;
import io.gonext.cli.kit.FuzzCall.Target;
import io.gonext.cli.kit.FuzzHost.Result;
import io.gonext.cli.kit.FuzzHost.Seen;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes random calls of a plugin, and looks at what each came to. The n-th call depends on the seed
 * and what is known of the plugin alone: never on the time or what earlier calls came to.
 */
final class Fuzzer {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** One call in so many is also made in an instance that has just started. */
  private static final int FRESH_EVERY = 8;

  /** One call in so many is made again and again, to see whether memory grows. */
  private static final int GROWTH_EVERY = 512;

  private static final int GROWTH_FROM = 32;
  private static final int GROWTH_CALLS = 4_096;

  /** A job takes some milliseconds, and a hook some microseconds. */
  private static final int JOB_EVERY = 16;

  /** Host functions that answer the same call in the same way, or not at all. */
  private static final Pattern STATELESS =
      Pattern.compile(
          "env\\.(gn_log|gn_config_get|gn_last_error|gn_i18n_translate|gn_metric_observe"
              + "|gn_span_event|gn_audit_emit|gn_secrets_get|gn_app_call|gn_panic|abort|trace"
              + "|console\\..*)|env_platform\\.(gn_audit_emit|gn_secrets_get)"
              + "|wasi_snapshot_preview1\\.(fd_.*|environ_.*|args_.*|proc_exit|sched_yield)");

  /** They answer in another way each time, and no other call of the plugin has a part in it. */
  private static final Pattern CHANGING =
      Pattern.compile(
          "env\\.(gn_time_ms|Date\\.now|performance\\.now|seed)"
              + "|wasi_snapshot_preview1\\.(random_get|clock_.*)");

  private final FuzzHost host;
  private final FuzzSeeds seeds;
  private final FuzzJson json;
  private final boolean isReused;
  private final long seed;
  private final List<Target> cheap = new ArrayList<>();
  private final List<Target> jobs = new ArrayList<>();
  private final Set<Target> grown = new HashSet<>();

  Fuzzer(FuzzHost host, FuzzSeeds seeds, Manifest manifest, long seed) {
    this.host = host;
    this.seeds = seeds;
    this.json = new FuzzJson(seeds.words());
    this.isReused = manifest.limits().isolation() == Manifest.Isolation.REUSED;
    this.seed = seed;
    for (Target target : seeds.targets()) {
      (target.kind() == Kind.JOB ? jobs : cheap).add(target);
    }
  }

  /** The call of that number. */
  FuzzCall call(long number) {
    RandomGenerator random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + number);
    boolean isJob = !jobs.isEmpty() && (cheap.isEmpty() || random.nextInt(JOB_EVERY) == 0);
    List<Target> targets = isJob ? jobs : cheap;
    Target target = targets.get(random.nextInt(targets.size()));
    List<ObjectNode> known = seeds.inputs(target);
    for (int i = 0; i < 4 && !known.isEmpty() && random.nextInt(4) > 0; i++) {
      ObjectNode one = known.get(random.nextInt(known.size()));
      if (json.changed(one, random) instanceof ObjectNode input
          && new FuzzCall(target, input).isWellFormed()) {
        return new FuzzCall(target, input);
      }
    }
    return new FuzzCall(target, input(target, random));
  }

  private ObjectNode input(Target target, RandomGenerator random) {
    ObjectNode input = NODES.objectNode();
    switch (target.kind()) {
      case FILTER -> {
        input.set("value", random.nextInt(3) == 0 ? text(random) : json.value(random));
        arguments(input, random);
      }
      case ACTION -> arguments(input, random);
      case JOB -> input.set("args", json.object(random));
      case ROUTE -> {
        ObjectNode params = input.putObject("params");
        Pattern.compile("\\{([^}]*)}")
            .matcher(target.name())
            .results()
            .forEach(found -> {
              String text = json.text(random);
              params.put(found.group(1), text.isEmpty() ? "0" : text);
            });
        StringBuilder query = new StringBuilder();
        for (int i = random.nextInt(3); i > 0; i--) {
          query
              .append(query.isEmpty() ? "" : "&")
              .append(FuzzCall.encoded(json.text(random)))
              .append('=')
              .append(FuzzCall.encoded(json.text(random)));
        }
        input.put("query", query.toString());
        ObjectNode headers = input.putObject("headers");
        if (random.nextBoolean()) {
          headers.put("Content-Type", random.nextBoolean() ? "application/json" : "text/plain");
        }
        input.put(
            "body",
            switch (random.nextInt(3)) {
              case 0 -> "";
              case 1 -> json.text(random);
              default -> json.object(random).toString();
            });
      }
    }
    return input;
  }

  private JsonNode text(RandomGenerator random) {
    return NODES.stringNode(json.text(random));
  }

  private void arguments(ObjectNode input, RandomGenerator random) {
    var args = input.putArray("args");
    for (int i = random.nextInt(3); i > 0; i--) {
      args.add(json.value(random));
    }
  }

  /** Makes a call, and says what is wrong with it. */
  Optional<FuzzFinding> look(FuzzCall call, long number) throws InterruptedException {
    Result first = host.live(call);
    Optional<FuzzFinding> failed = failure(call, first);
    if (failed.isPresent() || call.target().kind() == Kind.JOB) {
      return failed;
    }
    Optional<FuzzFinding> found = isReused ? Optional.empty() : again(call, first);
    if (found.isEmpty() && number % FRESH_EVERY == 0) {
      found = compareFresh(call, first);
    }
    if (found.isEmpty() && isReused && (grown.add(call.target()) || number % GROWTH_EVERY == 0)) {
      found = growth(call);
    }
    return found;
  }

  /** Whether a call shows a finding that another call had. */
  boolean shows(FuzzFinding finding, FuzzCall call) throws InterruptedException {
    return repeated(finding, call).isPresent();
  }

  /** The finding as another call shows it, which is made last; the old one where it does not. */
  FuzzFinding found(FuzzFinding finding, FuzzCall call) throws InterruptedException {
    return repeated(finding, call).orElse(finding);
  }

  private Optional<FuzzFinding> repeated(FuzzFinding finding, FuzzCall call)
      throws InterruptedException {
    Optional<FuzzFinding> found =
        switch (finding.kind()) {
          case TRAP, LIMIT, ANSWER, HOST -> failure(call, host.live(call));
          case NONDETERMINISM -> {
            Result first = host.live(call);
            Optional<FuzzFinding> again = isReused ? Optional.empty() : again(call, first);
            yield again.isPresent() ? again : compareFresh(call, first);
          }
          case STATE -> compareFresh(call, host.live(call));
          case GROWTH -> growth(call);
        };
    return found.filter(other -> other.key().equals(finding.key()));
  }

  private static Optional<FuzzFinding> failure(FuzzCall call, Result result) {
    FuzzFinding.Kind kind =
        switch (result.code()) {
          case "DEADLINE", "OUT_OF_FUEL", "WAIT_LIMIT" -> FuzzFinding.Kind.LIMIT;
          case "BAD_ANSWER" -> FuzzFinding.Kind.ANSWER;
          case "HOST_FAILURE", "EXCEPTION" -> FuzzFinding.Kind.HOST;
          case "UNREACHABLE",
              "OUT_OF_BOUNDS",
              "DIVISION",
              "INDIRECT_CALL",
              "UNCAUGHT_EXCEPTION",
              "STACK_EXHAUSTED",
              "MEMORY_LIMIT",
              "GUEST_PANIC",
              "EXIT",
              "ABI_VIOLATION",
              "NO_INSTANCE" ->
              FuzzFinding.Kind.TRAP;
          default -> null;
        };
    if (kind == null) {
      return Optional.empty();
    }
    String site = result.backtrace().isEmpty() ? "" : result.backtrace().getFirst();
    return Optional.of(
        new FuzzFinding(
            kind,
            result.code() + ": " + result.reason(),
            result.backtrace().stream().map(frame -> "at " + frame).toList(),
            call,
            // A call that is out of time may be anywhere.
            kind == FuzzFinding.Kind.LIMIT ? result.code() : result.code() + site));
  }

  /** Each call has an instance as it was after its start, so both come to the same. */
  private Optional<FuzzFinding> again(FuzzCall call, Result first) throws InterruptedException {
    Optional<Seen> one = comparable();
    if (one.isEmpty()) {
      return Optional.empty();
    }
    Result second = host.live(call);
    Optional<Seen> two = comparable();
    if (two.isEmpty() || isOfMachine(second)) {
      return Optional.empty();
    }
    List<String> changing = one.get().otherAnswers(two.get());
    boolean sameEnd = one.get().end().equals(two.get().end()) && first.equals(second);
    if (sameEnd && (one.get().fuel() == two.get().fuel() || !changing.isEmpty())) {
      return Optional.empty();
    }
    List<String> details = new ArrayList<>();
    if (sameEnd) {
      details.add("once with %,d units of fuel".formatted(one.get().fuel()));
      details.add("once with %,d units of fuel".formatted(two.get().fuel()));
    } else {
      details.add("once: " + shown(one.get().end()));
      details.add("once: " + shown(two.get().end()));
    }
    details.add(
        changing.isEmpty()
            ? "the host answered the same both times"
            : "the host answered otherwise: " + String.join(", ", changing));
    return Optional.of(
        new FuzzFinding(
            FuzzFinding.Kind.NONDETERMINISM,
            sameEnd
                ? "the same call uses more or less fuel each time"
                : "the same call has another answer each time",
            details,
            call,
            sameEnd ? "fuel" : "answer"));
  }

  /** What the last call did, if nothing that other calls change had a part in it. */
  private Optional<Seen> comparable() {
    return host.seen()
        .filter(seen ->
            seen.functions().stream()
                .allMatch(
                    name -> STATELESS.matcher(name).matches() || CHANGING.matcher(name).matches()));
  }

  private Optional<FuzzFinding> compareFresh(FuzzCall call, Result live)
      throws InterruptedException {
    if (comparable().isEmpty() || isOfMachine(live)) {
      return Optional.empty();
    }
    Optional<Result> one = host.fresh(call);
    if (one.isEmpty() || isOfMachine(one.get()) || same(one.get(), live)) {
      return Optional.empty();
    }
    Result two = host.fresh(call).orElseThrow();
    if (isOfMachine(two)) {
      return Optional.empty();
    }
    boolean isState = isReused && same(one.get(), two);
    return Optional.of(
        new FuzzFinding(
            isState ? FuzzFinding.Kind.STATE : FuzzFinding.Kind.NONDETERMINISM,
            isState
                ? "an instance that was used before answers otherwise than a new one"
                : "two new instances answer the same call in two ways",
            isState
                ? List.of(
                    "after other calls: " + shown(live), "in a new instance: " + shown(one.get()))
                : List.of(
                    "once: " + shown(one.get()),
                    "once: " + (same(one.get(), two) ? shown(live) : shown(two))),
            call,
            isState ? "state" : "answer"));
  }

  private static boolean same(Result one, Result other) {
    return one.code().equals(other.code()) && one.answer().equals(other.answer());
  }

  /** Whether the machine had a part in how it ended. */
  private static boolean isOfMachine(Result result) {
    return switch (result.code()) {
      case "DEADLINE", "WAIT_LIMIT", "CUT_SHORT", "STACK_EXHAUSTED", "CHAIN_DEADLINE" -> true;
      default -> false;
    };
  }

  private Optional<FuzzFinding> growth(FuzzCall call) throws InterruptedException {
    host.restart();
    List<Integer> sizes = new ArrayList<>();
    for (int made = 1; made <= GROWTH_CALLS; made++) {
      if (!host.live(call).isOk() && made > GROWTH_FROM) {
        return Optional.empty();
      }
      if (made >= GROWTH_FROM && Integer.bitCount(made) == 1) {
        sizes.add(host.memoryPages());
        int last = sizes.size() - 1;
        if (last >= 2
            && sizes.get(last) > sizes.get(last - 1)
            && sizes.get(last - 1) > sizes.get(last - 2)) {
          return Optional.of(
              new FuzzFinding(
                  FuzzFinding.Kind.GROWTH,
                  "memory grows while the same call is made again and again",
                  List.of(
                      "%d pages of 64 KiB after %d calls, %d after %d, %d after %d"
                          .formatted(
                              sizes.get(last - 2),
                              made / 4,
                              sizes.get(last - 1),
                              made / 2,
                              sizes.get(last),
                              made)),
                  call,
                  "growth"));
        }
      }
    }
    return Optional.empty();
  }

  private static String shown(Result result) {
    return shown(
        result.isOk()
            ? (result.answer().isEmpty() ? "no answer" : result.answer())
            : result.code() + ", " + result.reason());
  }

  private static String shown(String text) {
    return text.length() > 200 ? text.substring(0, 200) + "..." : text;
  }
}
