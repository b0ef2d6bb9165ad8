#!/usr/bin/env bash
# One expects: an ahead-of-time cache of JDK 25 holds the classes that its training run loaded from the class path. So a second start loads none of them from a jar.
# What happens: it leaves out every class whose file is older than version 50 (Java 6), "Old class has been linked". picocli 4.7.7, of 2025, is compiled for Java 5: all of its classes are loaded and verified from the jar at each start. The program's own class comes from the cache. No warning says so without -Xlog.
# Why it matters: such a start seems to be cached and is not. In our command it was the largest part of what a client's start loads: 176 classes.
# Needs: JDK 25 (JAVA_HOME or on PATH), curl. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
"${bin}java" -version 2>&1 | head -n 1 | tee version
grep -q '"25' version || { echo "no JDK 25"; exit 2; }
curl -fsSo picocli.jar https://repo1.maven.org/maven2/info/picocli/picocli/4.7.7/picocli-4.7.7.jar || exit 2
cat > Greet.java <<'JAVA'
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "greet", mixinStandardHelpOptions = true)
public class Greet implements Runnable {
  @Option(names = "--name")
  String name = "you";

  @Override
  public void run() {
    System.out.println("Hello, " + name);
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new Greet()).execute(args));
  }
}
JAVA
"${bin}javac" -proc:none -cp picocli.jar Greet.java && "${bin}jar" -cf greet.jar Greet.class || exit 2
run() {
  "${bin}java" "$@" -cp greet.jar:picocli.jar Greet --name Ada
}
run -XX:AOTCacheOutput=greet.aot >train.log 2>&1 && [ -s greet.aot ] || { cat train.log; exit 2; }
run -XX:AOTCache=greet.aot -Xlog:class+load:file=loaded.log
# Classes of proxies and lambdas are made at run time.
picocli() {
  grep -E '\] picocli\.[^ /]+ source: ' loaded.log
}
from_jar=$(picocli | grep -c 'source: file:' || true)
from_cache=$(picocli | grep -c 'source: shared objects file' || true)
own=$(grep -cE '\] Greet source: shared objects file' loaded.log || true)
"${bin}javap" -v -cp picocli.jar picocli.CommandLine 2>/dev/null | grep 'major version' || exit 2
{
  [ "$from_jar" -gt 100 ] && echo "more than 100 classes of picocli come from the jar"
  echo "classes of picocli from the cache: $from_cache"
  echo "the program's own class from the cache: $own"
} | tee seen
cat > expected <<'SEEN'
more than 100 classes of picocli come from the jar
classes of picocli from the cache: 0
the program's own class from the cache: 1
SEEN
diff expected seen || { echo "CHANGED"; exit 1; }
echo "seen: the cache holds none of picocli's classes, which are of Java 5"
