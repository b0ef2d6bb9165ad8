package io.gonext.engine;

import io.gonext.engine.bytecode.OffsetRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.GlobalInstance;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportGlobal;
import run.endive.runtime.ImportMemory;
import run.endive.runtime.ImportTable;
import run.endive.runtime.Instance;
import run.endive.runtime.Store;
import run.endive.wasm.Parser;
import run.endive.wasm.UnlinkableException;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.ExternalType;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.Table;
import run.endive.wasm.types.TableLimits;
import run.endive.wasm.types.ValType;
import run.endive.wasm.types.Value;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs one script of the core test suite, converted by wast2json, and collects failures. */
final class SpecScript {
  private static final int CAP_PAGES = 1024;
  private static final int CAP_ELEMENTS = 100_000;

  private static final TrapTranslator TRAPS = new TrapTranslator(_ -> List.of());

  private final Path json;
  private final Store store = new Store();
  private final Map<String, Instance> named = new HashMap<>();
  private final List<String> failures = new ArrayList<>();
  private final Kind kind;

  /** The results that each assertion saw. */
  private final List<String> answers = new ArrayList<>();

  private int mismatches;
  private final List<String> refusals = new ArrayList<>();
  private @Nullable Instance current;
  private int assertions;

  /** How a script's modules run. */
  enum Kind {
    /** The compiled classes for an {@link ExactMemory}. */
    EXACT,
    /** The compiled classes for a {@link RoomyMemory}. */
    ROOMY,
    /** Endive's interpreter. */
    INTERPRETER
  }

  SpecScript(Path json, Kind kind) {
    this.json = json;
    this.kind = kind;
    addSpectest();
  }

  /** How many commands ran, except those about the text format. */
  int assertions() {
    return assertions;
  }

  /** Failed assertions, with their lines. */
  List<String> failures() {
    return failures;
  }

  /** Admission's messages for valid modules that it refuses as unsupported. */
  List<String> refusals() {
    return refusals;
  }

  /** The module {@code spectest}, which every script may import. */
  private void addSpectest() {
    for (var function :
        Map.of(
                "print", List.<ValType>of(),
                "print_i32", List.of(ValType.I32),
                "print_i64", List.of(ValType.I64),
                "print_f32", List.of(ValType.F32),
                "print_f64", List.of(ValType.F64),
                "print_i32_f32", List.of(ValType.I32, ValType.F32),
                "print_f64_f64", List.of(ValType.F64, ValType.F64))
            .entrySet()) {
      store.addFunction(
          new ImportFunction(
              "spectest",
              function.getKey(),
              run.endive.wasm.types.FunctionType.of(function.getValue(), List.of()),
              (instance, args) -> new long[0]));
    }
    global("global_i32", Value.i32(666));
    global("global_i64", Value.i64(666));
    global("global_f32", Value.fromFloat(666.6f));
    global("global_f64", Value.fromDouble(666.6));
    store.addMemory(
        new ImportMemory("spectest", "memory", new ExactMemory(new MemoryLimits(1, 2), 2)));
    store.addTable(
        new ImportTable(
            "spectest",
            "table",
            new GuestTable(
                new Table(ValType.FuncRef, new TableLimits(10, 20)), Value.REF_NULL_VALUE, 20)));
  }

  private void global(String name, Value value) {
    store.addGlobal(
        new ImportGlobal("spectest", name, GlobalInstance.builder().value(value).build()));
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
        store.register(command.get("as").asString(), instance(command));
        yield null;
      }
      case "action" -> {
        invoke(command.get("action"));
        yield null;
      }
      case "assert_return" -> assertReturn(command);
      case "assert_trap", "assert_exhaustion" -> assertTrap(command);
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

  /** How many functions have calls that {@link OffsetRecorder} does not expect. */
  int mismatches() {
    return mismatches;
  }

  private byte[] bytes(JsonNode command) throws IOException {
    return Files.readAllBytes(json.resolveSibling(command.get("filename").asString()));
  }

  private Instance instantiate(byte[] wasm) {
    var module = Parser.parse(wasm);
    var builder =
        Instance.builder(module)
            .withMemoryFactory(limits ->
                kind == Kind.ROOMY
                    ? new RoomyMemory(limits, CAP_PAGES)
                    : new ExactMemory(limits, CAP_PAGES));
    if (kind != Kind.INTERPRETER) {
      int imports = module.importSection().count(ExternalType.FUNCTION);
      var recorder = new OffsetRecorder(module, imports);
      byte[] jar = recorder.record(CompiledClasses.of(module));
      mismatches += recorder.mismatched();
      var classes = new ModuleClasses(module, jar, Set.of(), () -> false);
      builder.withMachineFactory(kind == Kind.ROOMY ? classes.roomy() : classes.exact());
    }
    return builder
        .withTableFactory((table, initial) -> new GuestTable(table, initial, CAP_ELEMENTS))
        .withImportValues(store.toImportValues())
        .withStart(false)
        .build();
  }

  private @Nullable String module(JsonNode command) throws IOException {
    byte[] wasm = bytes(command);
    Instance instance = instantiate(wasm);
    current = instance;
    if (command.has("name")) {
      named.put(command.get("name").asString(), instance);
    }
    try {
      Admission.admit(wasm, EngineLimits.defaults());
    } catch (ModuleRejectedException e) {
      switch (e.reason()) {
        case MALFORMED, BAD_EXPORT -> {
          return "admission refuses a valid module: " + e.getMessage();
        }
        case UNSUPPORTED_FEATURE -> refusals.add(String.valueOf(e.getMessage()));
        case TOO_LARGE, FORBIDDEN_IMPORT -> {
          // The suite imports memories and globals, and declares 65,536 pages.
        }
      }
    }
    return null;
  }

  private Instance instance(JsonNode of) {
    Instance instance = of.has("module") ? named.get(of.get("module").asString()) : null;
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

  private long[] invoke(JsonNode action) {
    Instance instance = instance(action);
    String field = action.get("field").asString();
    if (action.get("type").asString().equals("get")) {
      return new long[] {instance.exports().global(field).getValue()};
    }
    JsonNode given = action.get("args");
    var args = new long[given.size()];
    for (int i = 0; i < args.length; i++) {
      args[i] = bits(given.get(i));
    }
    long[] results = instance.exports().function(field).apply(args);
    return results == null ? new long[0] : results;
  }

  /** The scripts write numbers as unsigned decimals of their bits. */
  private static long bits(JsonNode value) {
    String text = value.get("value").asString();
    return switch (value.get("type").asString()) {
      case "i32", "f32" -> Integer.parseUnsignedInt(text);
      default -> Long.parseUnsignedLong(text);
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
    String text = command.get("text").asString();
    try {
      invoke(command.get("action"));
      return "trap expected: " + text;
    } catch (RuntimeException | StackOverflowError thrown) {
      TrapCause cause = TRAPS.translate(thrown, null, null).trapCause();
      String code = codeFor(text);
      return cause.code().equals(code)
          ? null
          : code + " expected for \"" + text + "\", not " + cause + " from " + thrown;
    }
  }

  /** The trap cause for the suite's message. */
  private static String codeFor(String text) {
    return switch (text) {
      case "out of bounds memory access", "out of bounds table access" -> "OUT_OF_BOUNDS";
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
      ModuleOutline outline = Admission.admit(wasm, EngineLimits.defaults());
      ModuleCompiler.compile(outline, () -> {}, () -> false);
      return "refusal expected: " + command.get("text").asString();
    } catch (ModuleRejectedException refused) {
      return null;
    }
  }

  private @Nullable String assertUnlinkable(JsonNode command) throws IOException {
    try {
      instantiate(bytes(command));
      return "unlinkable module linked";
    } catch (UnlinkableException expected) {
      return null;
    }
  }

  private @Nullable String assertUninstantiable(JsonNode command) throws IOException {
    try {
      instantiate(bytes(command));
      return "trap expected at instantiation: " + command.get("text").asString();
    } catch (WasmEngineException trap) {
      String code = codeFor(command.get("text").asString());
      String actual = TRAPS.translate(trap, null, null).trapCause().code();
      return actual.equals(code) ? null : code + " expected, not " + actual + " from " + trap;
    }
  }
}
