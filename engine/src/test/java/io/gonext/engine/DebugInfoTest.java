package io.gonext.engine;
import org.junit.jupiter.api.*;
import org.junit.jupiter.api.extension.RegisterExtension;
import java.nio.file.*;
class DebugInfoTest {
  @RegisterExtension final TestEngine engine = new TestEngine();
  @Test void x() throws Exception {
    for (String n : new String[]{"c-dwarf2","c-dwarf3","c-dwarf4","c-dwarf5"}) {
      var m = engine.engine.compile(Files.readAllBytes(Path.of("src/test/resources/debug-info/"+n+".wasm")));
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), "divide", 3).getMessage());
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), "load", 0xFFFFFFFFL).getMessage());
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), "header", 5).getMessage());
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), "pointer", 0).getMessage());
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), "pointer", 1).getMessage());
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), java.time.Duration.ofMillis(50), "spin").getMessage());
    }
    for (String n : new String[]{"cpp","rust-legacy","rust-v0"}) {
      var m = engine.engine.compile(Files.readAllBytes(Path.of("src/test/resources/debug-info/"+n+".wasm")));
      System.out.println(TestEngine.trap(m.instantiate(engine.config()), "total", 4).getMessage());
    }
  }
}
