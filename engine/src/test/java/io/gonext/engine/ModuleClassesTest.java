package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.Guests;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import run.endive.wasm.Parser;

class ModuleClassesTest {
  @Test
  void classes_of_an_abandoned_compile_are_not_loaded() {
    byte[] wasm = Guests.wasm("engine-basics");
    var module = Parser.parse(Admission.admit(wasm, EngineLimits.defaults()).stripped());
    byte[] jar = CompiledClasses.of(module);

    assertThatThrownBy(() -> new ModuleClasses(module, jar, Set.of(), () -> true))
        .isInstanceOf(CancellationException.class);
  }
}
