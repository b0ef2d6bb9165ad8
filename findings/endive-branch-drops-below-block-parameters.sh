#!/usr/bin/env bash
# One expects: a branch out of a block removes what the block pushed and leaves the operands below the block alone.
# What happens: when a block takes parameters (multi-value) and a branch leaves it while a parameter is still on the stack, the
# interpreter of Endive 1.1.0 keeps the parameter and drops the operand below the block. There is no error: 7 + 5 becomes 1 + 5.
# A block that consumes its parameters first, or that ends without a branch, is right. V8 returns 12 for all four functions.
# Why it matters: who takes this interpreter as the reference of a compiler blames the compiler, and a module that ran in a
# browser computes something else on the JVM. We saw it when we compared our compiler with it on random modules.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>run.endive</groupId><artifactId>runtime</artifactId><version>1.1.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
cat > Branch.java <<'JAVA'
import java.util.HexFormat;
import run.endive.runtime.Instance;
import run.endive.wasm.Parser;

class Branch {
  // (func (export "plain") (result i32)
  //   i32.const 7   block (result i32)   i32.const 5   br 0   end   i32.add)
  // (func (export "parameter") (result i32)
  //   i32.const 7   i32.const 1   block (param i32) (result i32)   i32.const 5   br 0   end   i32.add)
  // (func (export "consumed") (result i32)
  //   i32.const 7   i32.const 1   block (param i32) (result i32)   drop   i32.const 5   br 0   end   i32.add)
  // (func (export "ended") (result i32)
  //   i32.const 7   i32.const 1   block (param i32) (result i32)   drop   i32.const 5   end   i32.add)
  static final String MODULE =
      "0061736d01000000" + "010a02" + "6000017f" + "60017f017f" + "030504" + "00000000"
          + "072804" + "05706c61696e0000" + "09706172616d657465720001" + "08636f6e73756d65640002" + "05656e6465640003"
          + "0a3b04" + "0c004107027f41050c000b6a0b" + "0e0041074101020141050c000b6a0b"
          + "0f004107410102011a41050c000b6a0b" + "0d004107410102011a41050b6a0b";

  public static void main(String[] args) {
    var instance = Instance.builder(Parser.parse(HexFormat.of().parseHex(MODULE))).build();
    for (String name : new String[] {"plain", "parameter", "consumed", "ended"}) {
      System.out.println(name + ": " + instance.export(name).apply()[0]);
    }
    boolean othersAreRight = instance.export("consumed").apply()[0] == 12 && instance.export("ended").apply()[0] == 12;
    System.exit(othersAreRight && instance.export("parameter").apply()[0] == 6 ? 0 : 1);
  }
}
JAVA
echo "Endive 1.1.0, $(java -version 2>&1 | head -n 1)"
java -cp 'lib/*' Branch.java && status=0 || status=$?
# Seen: plain: 12, parameter: 6, consumed: 12, ended: 12.
[ $status -eq 0 ] && echo "seen: the branch kept the parameter and dropped the 7" || echo "CHANGED: every function returns 12"
exit $status
