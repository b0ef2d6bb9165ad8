package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import run.endive.compiler.Cache;
import run.endive.compiler.InterpreterFallback;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;

/** Every call that the engine's compiler emits is expected, in the modules at hand. */
class OffsetRecorderTest {
  @TestFactory
  List<DynamicTest> no_function_has_other_calls_than_those_expected() throws IOException {
    var tests = new ArrayList<DynamicTest>();
    for (String dir : System.getProperty("mods", "src/test/resources/debug-info").split(",")) {
    try (var files = Files.list(Path.of(dir))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".wasm")).sorted().toList()) {
        tests.add(DynamicTest.dynamicTest(file.toString(), () -> check(Files.readAllBytes(file))));
      }
    }
    }
    return tests;
  }

  private static void check(byte[] wasm) {
    ModuleOutline outline = Admission.admit(wasm, EngineLimits.defaults());
    WasmModule module = Parser.parse(outline.stripped());
    var classes = new byte[1][];
    for (int k = 0; k < 6; k++) { long t0 = System.nanoTime();
    MachineFactoryCompiler.builder(module)
        .withClassName(ModuleCompiler.CLASS_NAME)
        .withInterpreterFallback(InterpreterFallback.FAIL)
        .withInterpretedFunctions(Set.of())
        .withCache(
            new Cache() {
              @Override
              public byte @org.jspecify.annotations.Nullable [] get(String key) {
                return null;
              }

              @Override
              public void putIfAbsent(String key, byte[] data) {
                classes[0] = data;
              }
            })
        .compile();
System.err.println("compile " + (System.nanoTime() - t0) / 1000); }
    for (int i = 0; i < Integer.getInteger("n", 5); i++) {
    var recorder = new OffsetRecorder(module, outline.imports().size());
    long t = System.nanoTime();
    byte[] r = recorder.record(classes[0]);
    System.err.println((System.nanoTime() - t) / 1000 + " us " + classes[0].length + " -> " + r.length + " " + recorder.recorded() + " " + recorder.mismatched());
    assertThat(recorder.mismatched()).isZero();
    t = System.nanoTime();
    try (var in = new java.util.jar.JarInputStream(new java.io.ByteArrayInputStream(classes[0])); var out = new java.util.jar.JarOutputStream(new java.io.ByteArrayOutputStream())) { out.setLevel(1);
      for (var e = in.getNextJarEntry(); e != null; e = in.getNextJarEntry()) { byte[] c = in.readAllBytes(); out.putNextEntry(new java.util.jar.JarEntry(e.getName())); out.write(c); out.closeEntry(); }
    } catch (Exception e) { throw new RuntimeException(e); }
    System.err.println("copy " + (System.nanoTime() - t) / 1000);
    t = System.nanoTime();
    for (var b : module.codeSection().functionBodies()) CallSites.of(b.instructions());
    System.err.println("sites " + (System.nanoTime() - t) / 1000);
    }
  }
}
