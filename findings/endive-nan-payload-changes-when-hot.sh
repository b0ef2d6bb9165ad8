#!/usr/bin/env bash
# One expects: a WebAssembly function that is called with the same bits answers the same bits for the life of an instance.
# The specification lets an engine choose the payload of a NaN, but one engine on one machine looks deterministic.
# What happens: Endive 1.0.0 compiles f32.add to the JVM's fadd. For two NaNs, HotSpot's interpreter on x86-64 answers the
# payload of one operand, and the code of its JIT answers the payload of the other. The answer changes when the function gets hot.
# Why it matters: whoever records a guest's call and replays it (or compares two nodes) sees a difference that no input explains.
# Needs: a JDK 17 or newer, Maven, x86-64. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
[ "$(uname -m)" = x86_64 ] || { echo "needs x86-64"; exit 2; }
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>run.endive</groupId><artifactId>runtime</artifactId><version>1.0.0</version></dependency>
<dependency><groupId>run.endive</groupId><artifactId>compiler</artifactId><version>1.0.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
cat > Nan.java <<'JAVA'
import java.util.HexFormat;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.runtime.Instance;
import run.endive.wasm.Parser;

class Nan {
  // (func (export "add") (param i32 i32) (result i32)
  //   (i32.reinterpret_f32 (f32.add (f32.reinterpret_i32 (local.get 0)) (f32.reinterpret_i32 (local.get 1)))))
  static final String MODULE = "0061736d01000000" + "0107016002" + "7f7f017f" + "03020100" + "0707010361646400" + "00" + "0a0c010a00" + "2000be2001be92bc0b";

  public static void main(String[] args) {
    var module = Parser.parse(HexFormat.of().parseHex(MODULE));
    var instance = Instance.builder(module).withMachineFactory(MachineFactoryCompiler.compile(module)).build();
    var add = instance.export("add");
    long first = 0x7fc00001L, second = 0x7fc00002L;
    long cold = add.apply(first, second)[0] & 0xffffffffL;
    long hot = cold;
    int calls = 1;
    while (hot == cold && calls < 2_000_000) {
      hot = add.apply(first, second)[0] & 0xffffffffL;
      calls++;
    }
    System.out.printf("NaN 7fc00001 + NaN 7fc00002: first call %08x, after %s calls %08x%n", cold, calls < 2_000_000 ? "some thousand" : "two million", hot);
    System.exit(hot == cold ? 1 : 0);
  }
}
JAVA
echo "Endive 1.0.0, $(java -version 2>&1 | head -n 1), $(uname -m)"
java -cp 'lib/*' Nan.java && status=0 || status=$?
# Seen with JDK 17.0.15 and 25.0.3: "first call 7fc00002, after some thousand calls 7fc00001".
[ $status -eq 0 ] && echo "seen: the same call of the same instance changed its answer" || echo "CHANGED: the answer stayed the same"
exit $status
