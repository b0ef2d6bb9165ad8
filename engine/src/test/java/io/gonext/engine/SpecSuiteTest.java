package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.dylibso.chicory.wabt.Wast2Json;
import io.gonext.engine.SpecScript.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the WebAssembly core test suite through the compiler with our memories and tables: every
 * assertion of every file passes. (The few modules with refused features do not run. Admission must
 * refuse them for that feature and nothing else.)
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("SpecSuiteTest") // its tests run one after another
class SpecSuiteTest {
  private static final Path SCRIPTS = Path.of("src/test/resources/spec");

  private static final Path PROPOSALS = SCRIPTS.resolve("proposals");

  /** The directory that keeps converted scripts between builds. */
  private static final Path CONVERTED = Path.of("target/spec");

  /** The files whose modules use a refused feature, with the feature in admission's message. */
  private static final Set<String> REFUSED =
      Set.of("multi-memory", "garbage collection", "typed function references");

  /** The files that test only the text format, which never reaches the engine. */
  private static final Set<String> TEXT_ONLY =
      Set.of("obsolete-keywords.wast", "utf8-invalid-encoding.wast");

  @TestFactory
  Stream<DynamicTest> every_assertion_passes() throws IOException {
    return eachScript(script -> run(script, Kind.EXACT));
  }

  @TestFactory
  Stream<DynamicTest> every_assertion_passes_with_a_roomy_memory() throws IOException {
    return eachScript(script -> run(script, Kind.ROOMY));
  }

  @TestFactory
  Stream<DynamicTest> every_assertion_passes_in_small_parts_that_count_fuel() throws IOException {
    return eachScript(script -> run(script, Kind.DIVIDED_METERED));
  }

  private static Stream<DynamicTest> eachScript(ThrowingConsumer<Path> test) throws IOException {
    List<Path> scripts;
    try (var files = Files.list(SCRIPTS)) {
      scripts = files.filter(file -> file.toString().endsWith(".wast")).sorted().toList();
    }
    assertThat(scripts).hasSize(104);
    return scripts.stream()
        .map(script ->
            DynamicTest.dynamicTest(script.getFileName().toString(), () -> test.accept(script)));
  }

  /**
   * The commands of each script of an accepted proposal, how many of its valid modules have a
   * refused feature, and how many commands do not run because of that.
   */
  enum Proposal {
    LEGACY_RETHROW("legacy-rethrow", 16, 0, 0),
    LEGACY_THROW("legacy-throw", 11, 0, 0),
    LEGACY_TRY_CATCH("legacy-try_catch", 40, 0, 0),
    LEGACY_TRY_DELEGATE("legacy-try_delegate", 22, 0, 0),
    TAG("tag", 10, 3, 0),
    THROW("throw", 13, 0, 0),
    THROW_REF("throw_ref", 15, 0, 0),
    TRY_TABLE("try_table", 65, 1, 5),
    RETURN_CALL("return_call", 48, 0, 0),
    RETURN_CALL_INDIRECT("return_call_indirect", 69, 0, 0);

    final String script;
    final int commands;
    final int refusals;
    final int skipped;

    Proposal(String script, int commands, int refusals, int skipped) {
      this.script = script;
      this.commands = commands;
      this.refusals = refusals;
      this.skipped = skipped;
    }
  }

  @ParameterizedTest
  @EnumSource
  void every_assertion_of_a_proposal_passes(Proposal proposal) throws IOException {
    for (Kind kind : EnumSet.complementOf(EnumSet.of(Kind.INTERPRETER))) {
      Path script = PROPOSALS.resolve(proposal.script + ".wast");
      SpecScript run = run(script, kind);
      assertThat(run.assertions()).isEqualTo(proposal.commands);
      assertThat(run.refusals()).hasSize(proposal.refusals);
      assertThat(run.skipped()).isEqualTo(proposal.skipped);
    }
  }

  @Test
  void every_script_of_the_proposals_runs() throws IOException {
    try (var files = Files.list(PROPOSALS)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .filteredOn(name -> name.endsWith(".wast"))
          .containsExactlyInAnyOrderElementsOf(
              Arrays.stream(Proposal.values()).map(each -> each.script + ".wast").toList());
    }
  }

  /** Detects a change of the JDK or of the compiler that breaks arithmetic. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "i32",
        "f32",
        "f32_cmp",
        "conversions",
        "float_exprs",
        "int_exprs",
        "int_literals",
        "float_misc"
      })
  void the_interpreter_and_the_compiler_compute_the_same_results(String script) throws IOException {
    Path converted = convert(SCRIPTS.resolve(script + ".wast"));
    var interpreted = new SpecScript(converted, Kind.INTERPRETER);
    var compiled = new SpecScript(converted, Kind.EXACT);
    interpreted.run();
    compiled.run();

    assertThat(compiled.answers()).isEqualTo(interpreted.answers()).isNotEmpty();
  }

  private static SpecScript run(Path script, Kind kind) throws IOException {
    var run = new SpecScript(convert(script), kind);
    run.run();
    assertThat(run.failures()).isEmpty();
    assertThat(run.assertions() > 0)
        .as("something ran")
        .isNotEqualTo(TEXT_ONLY.contains(script.getFileName().toString()));
    assertThat(run.refusals()).allMatch(text -> REFUSED.stream().anyMatch(text::contains));
    return run;
  }

  private static Path convert(Path script) throws IOException {
    String name = script.getFileName().toString().replace(".wast", "");
    Path committed = script.resolveSibling(name + ".json");
    if (Files.exists(committed)) {
      return committed;
    }
    Path json = CONVERTED.resolve(name).resolve(name + ".json");
    if (!Files.exists(json)
        || Files.getLastModifiedTime(json).compareTo(Files.getLastModifiedTime(script)) < 0) {
      Files.createDirectories(json.getParent());
      Wast2Json.builder()
          .withFile(script.toFile())
          .withOutput(json.toFile())
          .withOptions(
              new String[] {
                "--enable-multi-memory",
                "--enable-exceptions",
                "--enable-function-references",
                "--enable-tail-call"
              })
          .build()
          .process();
    }
    return json;
  }
}
