#!/usr/bin/env bash
# One expects: a library that reads npm's ranges on the JVM gives npm's answers.
# What happens: semver4j 6.0.0 loses a caret or a tilde that stands beside another comparator, so that `^9 >=0.0.1` holds 0.1.0;
# `^0` holds 5.0.0; `x` and `^*` hold nothing; `1.x.3`, which npm refuses, is read as 1.x. No error is raised in any of these.
# Why it matters: a plugin that says which host versions it runs on, or which versions of another plugin it needs, is loaded
# where its author excluded it, or refused where it runs. Compare with npm before you rely on such a library.
# Needs: a JDK 17 or newer, Maven, Node.js with npm. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it
# cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>org.semver4j</groupId><artifactId>semver4j</artifactId><version>6.0.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
npm install --silent --no-audit --no-fund --prefix . semver@7.8.6 >npm.log 2>&1 || { cat npm.log; exit 2; }
cat > pairs <<'PAIRS'
^9 >=0.0.1;0.1.0
~1.2 >=1.0.0;1.9.0
^0;5.0.0
x;1.2.3
^*;1.2.3
1.x.3;1.5.0
^1.2.3;1.9.0
~1.2 || ^3;3.1.0
PAIRS
cat > Ask.java <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import org.semver4j.Semver;

class Ask {
  public static void main(String[] args) throws Exception {
    for (String pair : Files.readAllLines(Path.of("pairs"))) {
      String[] parts = pair.split(";");
      System.out.println(new Semver(parts[1]).satisfies(parts[0]));
    }
  }
}
JAVA
cat > ask.cjs <<'JS'
const semver = require("semver");
for (const pair of require("fs").readFileSync("pairs", "utf8").trim().split("\n")) {
  console.log(semver.satisfies(pair.split(";")[1], pair.split(";")[0]));
}
JS
echo "semver4j 6.0.0 on $(java -version 2>&1 | head -n 1); semver 7.8.6 on node $(node --version)"
java -cp 'lib/*' Ask.java > java.out
node ask.cjs > npm.out
printf 'range;version\tsemver4j\tnpm\n'
paste pairs java.out npm.out
different=$(paste java.out npm.out | awk '$1 != $2' | wc -l)
# Seen: the first six differ, the last two are the same.
if [ "$different" -eq 6 ]; then
  echo "seen: six of eight answers differ from npm's"
else
  echo "CHANGED: $different of eight answers differ"
  exit 1
fi
