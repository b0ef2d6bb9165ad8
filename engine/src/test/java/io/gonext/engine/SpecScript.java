package io.gonext.engine;

import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.engine.SpecRuntime.Guest;
import io.gonext.engine.SpecRuntime.Unlinkable;
import io.gonext.engine.bytecode.PartSizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import run.endive.wasm.InvalidException;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.ExternalType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs one script of the core test suite, converted by wast2json, and collects failures. */
final class SpecScript {
  /** Stands for the instance of a module that the engine refuses. */
  private static final Guest REFUSED =
      new Guest() {
        @Override
        public long[] call(String function, long[] args) {
          throw new IllegalStateException("its module was refused");
        }

        @Override
        public long global(String name) {
          throw new IllegalStateException("its module was refused");
        }
      };

  private final Path json;
  private final Kind kind;
  private final SpecRuntime runtime;

  private final Map<String, Guest> named = new HashMap<>();

  private final Map<String, Guest> registered = new HashMap<>();

  /** The instances to which a refused module would have written. */
  private final Set<Guest> spoiled = new HashSet<>();

  private final List<String> failures = new ArrayList<>();

  /** The results that each assertion saw. */
  private final List<String> answers = new ArrayList<>();

  private final List<String> refusals = new ArrayList<>();
  private @Nullable Guest current;
  private int assertions;
  private int skipped;

  private static final PartSizes SMALL_PARTS = new PartSizes(12, 0, 0, 3, true);

  /** How a script's modules run. */
  enum Kind {
    /** Compiled, with memories that are exact as long as possible. */
    EXACT,
    /** Compiled, with memories that do every access themselves. */
    ROOMY,
    /** As EXACT, with functions divided into as many JVM methods as possible. */
    DIVIDED,
    /** As EXACT, counting fuel. */
    METERED,
    /** As DIVIDED, counting fuel. */
    DIVIDED_METERED,
    /** Endive's interpreter and runtime. */
    INTERPRETER
  }

  SpecScript(Path json, Kind kind) {
    this.json = json;
    this.kind = kind;
    this.runtime =
        switch (kind) {
          case EXACT -> compiled(RoomyWhen.MUCH_COPIED, PartSizes.DEFAULTS, false);
          case ROOMY -> compiled(RoomyWhen.ALWAYS, PartSizes.DEFAULTS, false);
          case DIVIDED -> compiled(RoomyWhen.MUCH_COPIED, SMALL_PARTS, false);
          case METERED -> compiled(RoomyWhen.MUCH_COPIED, PartSizes.DEFAULTS, true);
          case DIVIDED_METERED -> compiled(RoomyWhen.MUCH_COPIED, SMALL_PARTS, true);
          case INTERPRETER -> new InterpretedSpecRuntime();
        };
  }

  private static SpecRuntime compiled(RoomyWhen roomyWhen, PartSizes sizes, boolean isMetered) {
    return new CompiledSpecRuntime(roomyWhen, sizes, isMetered);
  }

  /** How many commands there were, except those about the text format. */
  int assertions() {
    return assertions;
  }

  /** How many commands did not run, because a module was refused. */
  int skipped() {
    return skipped;
  }

  /** Failed assertions, with their lines. */
  List<String> failures() {
    return failures;
  }

  /** Admission's messages for valid modules that it refuses as unsupported. */
  List<String> refusals() {
    return refusals;
  }

  void run() throws IOException {
    for (JsonNode command : JsonMapper.shared().readTree(json.toFile()).get("commands")) {
      if (!isAboutText(command)) {
        assertions++;
      }
      try {
        String failure = command(command);
        if (failure != null) {
          failures.add("line " + command.get("line").asInt() + ": " + failure);
        }
      } catch (RuntimeException e) {
        failures.add("line " + command.get("line").asInt() + ": " + e);
      }
    }
  }

  private static boolean isAboutText(JsonNode command) {
    return command.has("module_type") && command.get("module_type").asString().equals("text");
  }

  /** The problem, or null. */
  private @Nullable String command(JsonNode command) throws IOException {
    return switch (command.get("type").asString()) {
      case "module" -> module(command);
      case "register" -> {
        register(command);
        yield null;
      }
      case "action" -> {
        if (isRunning(command)) {
          invoke(command.get("action"));
        }
        yield null;
      }
      case "assert_return" -> isRunning(command) ? assertReturn(command) : null;
      case "assert_trap", "assert_exhaustion" -> isRunning(command) ? assertTrap(command) : null;
      case "assert_exception" -> isRunning(command) ? assertTrap(command) : null;
      case "assert_malformed", "assert_invalid" -> assertRefused(command);
      case "assert_unlinkable" -> assertUnlinkable(command);
      case "assert_uninstantiable" -> assertUninstantiable(command);
      default -> "unknown command " + command;
    };
  }

  /** The results that each assertion saw, in order. */
  List<String> answers() {
    return answers;
  }

  private byte[] bytes(JsonNode command) throws IOException {
    if (command.has("binary")) {
      return command.get("binary").binaryValue();
    }
    return Files.readAllBytes(json.resolveSibling(command.get("filename").asString()));
  }

  private @Nullable String module(JsonNode command) throws IOException {
    byte[] wasm = bytes(command);
    current = admitted(wasm) ? instantiate(wasm) : REFUSED;
    if (command.has("name")) {
      named.put(command.get("name").asString(), current);
    }
    return null;
  }

  /** Whether the engine supports the module. The suite imports memories, tables and globals. */
  private boolean admitted(byte[] wasm) {
    if (kind == Kind.INTERPRETER) {
      return true;
    }
    try {
      Admission.admitForLinking(wasm, EngineLimits.defaults());
      return true;
    } catch (ModuleRejectedException refused) {
      if (refused.reason() != ModuleRejectedException.Reason.UNSUPPORTED_FEATURE) {
        throw refused;
      }
      refusals.add(String.valueOf(refused.getMessage()));
      spoil(wasm);
      return false;
    }
  }

  private void spoil(byte[] refused) {
    WasmModule parsed;
    try {
      parsed = Parser.parse(refused);
    } catch (InvalidException e) {
      // Endive does not read all typed references. No such module imports anything.
      return;
    }
    parsed.importSection().stream()
        .filter(imported -> imported.importType() != ExternalType.FUNCTION)
        .map(imported -> registered.get(imported.module()))
        .filter(Objects::nonNull)
        .forEach(spoiled::add);
  }

  /** The instance, or {@link #REFUSED} if the module imports from a refused one. */
  private Guest instantiate(byte[] wasm) {
    try {
      return runtime.instantiate(wasm);
    } catch (Unlinkable e) {
      if (registered.get(e.module()) == REFUSED) {
        return REFUSED;
      }
      throw e;
    }
  }

  private void register(JsonNode command) {
    String name = command.get("as").asString();
    Guest guest = instance(command);
    registered.put(name, guest);
    if (guest != REFUSED) {
      runtime.register(name, guest);
    }
  }

  private Guest instance(JsonNode of) {
    Guest instance = of.has("module") ? named.get(of.get("module").asString()) : null;
    if (instance == null && of.has("name")) {
      instance = named.get(of.get("name").asString());
    }
    if (instance == null) {
      instance = current;
    }
    if (instance == null) {
      throw new IllegalStateException("no module yet");
    }
    return instance;
  }

  private boolean isRunning(JsonNode command) {
    Guest guest = instance(command.get("action"));
    boolean isRunning = guest != REFUSED && !spoiled.contains(guest);
    if (!isRunning) {
      skipped++;
    }
    return isRunning;
  }

  private long[] invoke(JsonNode action) {
    Guest guest = instance(action);
    String field = action.get("field").asString();
    if (action.get("type").asString().equals("get")) {
      return new long[] {guest.global(field)};
    }
    JsonNode given = action.get("args");
    var args = new long[given.size()];
    for (int i = 0; i < args.length; i++) {
      args[i] = bits(given.get(i));
    }
    return guest.call(field, args);
  }

  /** The scripts write numbers as decimals of their bits: wabt unsigned, wasm-tools signed. */
  private static long bits(JsonNode value) {
    String text = value.get("value").asString();
    return switch (value.get("type").asString()) {
      case "i32", "f32" -> (int) Long.parseLong(text);
      default -> text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
    };
  }

  private @Nullable String assertReturn(JsonNode command) {
    long[] results = invoke(command.get("action"));
    JsonNode expected = command.get("expected");
    if (results.length != expected.size()) {
      return expected.size() + " results expected, not " + results.length;
    }
    for (int i = 0; i < results.length; i++) {
      answers.add(
          "line " + command.get("line").asString() + " = " + text(expected.get(i), results[i]));
      if (!matches(expected.get(i), results[i])) {
        return expected.get(i) + " expected, not " + Long.toHexString(results[i]);
      }
    }
    return null;
  }

  /** Ignores a NaN's payload, which the specification leaves open. */
  private static String text(JsonNode expected, long bits) {
    return switch (expected.get("type").asString()) {
      case "i32" -> String.valueOf((int) bits);
      case "f32" -> String.valueOf(Float.intBitsToFloat((int) bits));
      case "f64" -> String.valueOf(Double.longBitsToDouble(bits));
      default -> String.valueOf(bits);
    };
  }

  private static boolean matches(JsonNode expected, long actual) {
    String type = expected.get("type").asString();
    boolean narrow = type.equals("i32") || type.equals("f32");
    return switch (expected.get("value").asString()) {
      // A NaN with the canonical payload and either sign.
      case "nan:canonical" ->
          narrow
              ? ((int) actual & 0x7FFF_FFFF) == 0x7FC0_0000
              : (actual & Long.MAX_VALUE) == 0x7FF8_0000_0000_0000L;
      // Any quiet NaN.
      case "nan:arithmetic" ->
          narrow
              ? ((int) actual & 0x7FC0_0000) == 0x7FC0_0000
              : (actual & 0x7FF8_0000_0000_0000L) == 0x7FF8_0000_0000_0000L;
      default -> narrow ? (int) actual == (int) bits(expected) : actual == bits(expected);
    };
  }

  private @Nullable String assertTrap(JsonNode command) {
    boolean isException = command.get("type").asString().equals("assert_exception");
    String text = isException ? "exception" : command.get("text").asString();
    try {
      invoke(command.get("action"));
      return "trap expected: " + text;
    } catch (RuntimeException | StackOverflowError thrown) {
      String actual = runtime.trapCode(thrown);
      String code = codeFor(text);
      return actual.equals(code)
          ? null
          : code + " expected for \"" + text + "\", not " + actual + " from " + thrown;
    }
  }

  /** The trap cause for the suite's message. */
  private static String codeFor(String text) {
    return switch (text) {
      case "out of bounds memory access", "out of bounds table access" -> "OUT_OF_BOUNDS";
      case "exception" -> "UNCAUGHT_EXCEPTION";
      case "unreachable" -> "UNREACHABLE";
      case "call stack exhausted" -> "STACK_EXHAUSTED";
      case "integer divide by zero", "integer overflow", "invalid conversion to integer" ->
          "DIVISION";
      case "undefined element", "uninitialized element", "indirect call type mismatch" ->
          "INDIRECT_CALL";
      default -> text.startsWith("uninitialized element") ? "INDIRECT_CALL" : "?" + text;
    };
  }

  private @Nullable String assertRefused(JsonNode command) throws IOException {
    if (isAboutText(command)) {
      return null;
    }
    byte[] wasm = bytes(command);
    try {
      ModuleOutline outline = Admission.admitForLinking(wasm, EngineLimits.defaults());
      ModuleCompiler.compile(outline, Metering.NONE, _ -> {}, () -> false);
      return "refusal expected: " + command.get("text").asString();
    } catch (ModuleRejectedException refused) {
      return switch (refused.reason()) {
        case MALFORMED, BAD_EXPORT, UNSUPPORTED_FEATURE, TOO_LARGE -> null;
        case FORBIDDEN_IMPORT -> "refused, but not as invalid: " + refused;
      };
    }
  }

  private @Nullable String assertUnlinkable(JsonNode command) throws IOException {
    byte[] wasm = bytes(command);
    if (!admitted(wasm)) {
      return null;
    }
    try {
      runtime.instantiate(wasm);
      return "unlinkable module linked";
    } catch (Unlinkable expected) {
      return null;
    }
  }

  private @Nullable String assertUninstantiable(JsonNode command) throws IOException {
    byte[] wasm = bytes(command);
    if (!admitted(wasm)) {
      return null;
    }
    try {
      if (instantiate(wasm) == REFUSED) {
        return null;
      }
      return "trap expected at instantiation: " + command.get("text").asString();
    } catch (Unlinkable | ModuleRejectedException problem) {
      return "trap expected at instantiation, not " + problem;
    } catch (RuntimeException trap) {
      String code = codeFor(command.get("text").asString());
      String actual = runtime.trapCode(trap);
      return actual.equals(code) ? null : code + " expected, not " + actual + " from " + trap;
    }
  }
}
