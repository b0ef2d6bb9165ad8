#!/usr/bin/env bash
# One expects: return_call ends its function, so whatever the function had pushed below the arguments is gone with it.
# What happens: in the interpreter of Endive 1.1.0 those operands stay on the stack, in the place of the caller's. There is no
# error: a caller that adds the result to its own 5 adds it to the callee's 9. Without an operand below the arguments it is right.
# V8 returns 16, 16, 116 and 11.
# Why it matters: compilers emit such code where a value is pushed before a tail call is chosen. A module that ran in a browser
# computes something else on the JVM, and who takes this interpreter as the reference of a compiler blames the compiler.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>run.endive</groupId><artifactId>runtime</artifactId><version>1.1.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
cat > Tail.java <<'JAVA'
import java.util.HexFormat;
import run.endive.runtime.Instance;
import run.endive.wasm.Parser;

class Tail {
  // (func $g (param i32) (result i32)   local.get 0   i32.const 10   i32.add)
  // (func $f (param i32) (result i32)   i32.const 9   local.get 0   return_call $g)
  // (func $h (param i32) (result i32)   local.get 0   return_call $g)
  // (func (export "below") (result i32)   i32.const 5   i32.const 1   call $f   i32.add)
  // (func (export "none") (result i32)   i32.const 5   i32.const 1   call $h   i32.add)
  // (func (export "two") (result i32)   i32.const 100   i32.const 5   i32.const 1   call $f   i32.add   i32.add)
  // (func (export "alone") (result i32)   i32.const 1   call $f)
  static final String MODULE =
      "0061736d01000000" + "010a02" + "60017f017f" + "6000017f" + "030807" + "00000001010101"
          + "071e04" + "0562656c6f770003" + "046e6f6e650004" + "0374776f0005" + "05616c6f6e650006"
          + "0a4207" + "07002000410a6a0b" + "08004109200012000b" + "0600200012000b"
          + "09004105410110016a0b" + "09004105410110026a0b" + "0d0041e4004105410110016a6a0b" + "0600410110010b";

  public static void main(String[] args) {
    var instance = Instance.builder(Parser.parse(HexFormat.of().parseHex(MODULE))).build();
    for (String name : new String[] {"below", "none", "two", "alone"}) {
      System.out.println(name + ": " + instance.export(name).apply()[0]);
    }
    boolean othersAreRight = instance.export("none").apply()[0] == 16 && instance.export("alone").apply()[0] == 11;
    System.exit(othersAreRight && instance.export("below").apply()[0] == 20 ? 0 : 1);
  }
}
JAVA
echo "Endive 1.1.0, $(java -version 2>&1 | head -n 1)"
java -cp 'lib/*' Tail.java && status=0 || status=$?
# Seen: below: 20, none: 16, two: 25, alone: 11.
[ $status -eq 0 ] && echo "seen: the callee's 9 took the place of the caller's 5" || echo "CHANGED"
exit $status
