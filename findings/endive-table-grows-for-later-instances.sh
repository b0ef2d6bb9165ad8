#!/usr/bin/env bash
# One expects: a module's table has its declared size in each new instance. `table.grow` changes one instance alone.
# What happens: in Endive 1.0.0 a table keeps a reference to the limits object of the parsed module and raises its minimum when
# it grows. An instance that is made afterwards from the same module starts with the grown table. Memory does not behave so.
# Why it matters: a host that parses once and makes an instance for each tenant lets one tenant's growth show in the next one's
# `table.size`, and the table never shrinks again. Copy the limits in a table factory.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>run.endive</groupId><artifactId>runtime</artifactId><version>1.0.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
cat > Grow.java <<'JAVA'
import java.util.HexFormat;
import run.endive.runtime.Instance;
import run.endive.wasm.Parser;

class Grow {
  // (table 1 funcref) (memory 1)
  // (func (export "size") (result i32) table.size 0)
  // (func (export "grow") (param i32) (result i32) ref.null func local.get 0 table.grow 0)
  // (func (export "pages") (result i32) memory.size)
  // (func (export "growMemory") (param i32) (result i32) local.get 0 memory.grow)
  static final String MODULE =
      "0061736d01000000" + "010a02" + "6000017f" + "60017f017f" + "030504" + "00010001" + "0404017000" + "01" + "0503010001"
          + "0724" + "04" + "0473697a650000" + "0467726f770001" + "0570616765730002" + "0a67726f774d656d6f72790003"
          + "0a1d04" + "0500fc10000b" + "0900d0702000fc0f000b" + "04003f000b" + "060020004000" + "0b";

  public static void main(String[] args) {
    var module = Parser.parse(HexFormat.of().parseHex(MODULE));
    var first = Instance.builder(module).build();
    System.out.println("first instance:  table " + call(first, "size") + ", memory " + call(first, "pages"));
    call(first, "grow", 63);
    call(first, "growMemory", 2);
    System.out.println("it grows both:   table " + call(first, "size") + ", memory " + call(first, "pages"));
    var second = Instance.builder(module).build();
    long table = call(second, "size");
    System.out.println("second instance: table " + table + ", memory " + call(second, "pages"));
    System.exit(table == 64 && call(second, "pages") == 1 ? 0 : 1);
  }

  static long call(Instance instance, String name, long... arguments) {
    return instance.export(name).apply(arguments)[0];
  }
}
JAVA
echo "Endive 1.0.0, $(java -version 2>&1 | head -n 1)"
java -cp 'lib/*' Grow.java && status=0 || status=$?
# Seen: second instance: table 64, memory 1.
[ $status -eq 0 ] && echo "seen: the second instance starts with the first one's table size" || echo "CHANGED: the second instance starts as declared"
exit $status
