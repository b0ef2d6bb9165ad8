#!/usr/bin/env bash
# One expects: a function's body may take a reference (`ref.func`) to a function that the module exports. By the standard, an export declares it.
# What happens: Endive 1.1.0 refuses the module: "undeclared function reference". With a declarative element segment it accepts the same module.
# V8 says that both are valid.
# Why it matters: a valid module of another toolchain does not load. Who compares engines on random modules loses those with such references.
# Needs: a JDK 17 or newer, Maven, Node.js 20 or newer. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
# (module (func $f (export "f") (result funcref) (ref.func $f)))
exported=0061736d010000000105016000017003020100070501016600000a06010400d2000b
# The same with (elem declare func $f).
declared=0061736d01000000010501600001700302010007050101660000090501030001000a06010400d2000b
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>run.endive</groupId><artifactId>wasm</artifactId><version>1.1.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
cat > Read.java <<'JAVA'
import java.util.HexFormat;
import run.endive.wasm.Parser;

class Read {
  public static void main(String[] args) {
    try {
      Parser.parse(HexFormat.of().parseHex(args[1]));
      System.out.println("Endive: " + args[0] + " accepted");
    } catch (RuntimeException e) {
      System.out.println("Endive: " + args[0] + " refused: " + e.getMessage());
    }
  }
}
JAVA
echo "Endive 1.1.0, $(java -version 2>&1 | head -n 1), Node.js $(node --version)"
read_it() {
  java -cp 'lib/*' Read.java "$1" "$2"
  node -e 'console.log("V8: " + process.argv[1] + (WebAssembly.validate(Buffer.from(process.argv[2], "hex")) ? " accepted" : " refused"))' "$1" "$2"
}
{ read_it exported "$exported"; read_it declared "$declared"; } | tee seen
cat > expected <<'SEEN'
Endive: exported refused: undeclared function reference
V8: exported accepted
Endive: declared accepted
V8: declared accepted
SEEN
diff expected seen || { echo "CHANGED"; exit 1; }
echo "seen: an export does not declare a function in Endive"
