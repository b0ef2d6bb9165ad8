#!/usr/bin/env bash
# One expects: commons-compress' ZipArchiveInputStream, told to take stored entries with a data descriptor, says where each entry
# begins as its ZipFile does.
# What happens: in 1.28.0 the first entry's data is right, but getLocalHeaderOffset() of the entry behind such an entry is not where
# its header stands. Such entries are usual: Info-ZIP writes them with `zip -0` to a pipe, and so do Go's zip.Store, Python's
# zipfile on a stream and jszip's streamFiles.
# Why it matters: a host that compares the directory of a plugin's bundle with its local headers, so that two readers cannot see
# two archives, refuses sound bundles. Read the local headers at the offsets that the directory names.
# Needs: a JDK 17 or newer, Maven, python3. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.commons</groupId><artifactId>commons-compress</artifactId><version>1.28.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
python3 - <<'PY' || exit 2
import sys, zipfile

class Pipe:
    """A file that cannot seek, so that sizes follow the data."""
    def __init__(self, file): self.file = file
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()

with open("stored.zip", "wb") as file, zipfile.ZipFile(Pipe(file), "w", zipfile.ZIP_STORED) as out:
    for name in ("one.txt", "two.txt", "three.txt"):
        out.writestr(name, "the content of " + name)
PY
cat > Offsets.java <<'JAVA'
import java.io.FileInputStream;
import java.nio.file.Path;
import java.util.Collections;
import org.apache.commons.compress.archivers.zip.ZipArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;

class Offsets {
  public static void main(String[] args) throws Exception {
    int wrong = 0;
    try (var zip = ZipFile.builder().setPath(Path.of("stored.zip")).get();
        var stream = new ZipArchiveInputStream(new FileInputStream("stored.zip"), "UTF-8", false, true)) {
      for (var entry : Collections.list(zip.getEntriesInPhysicalOrder())) {
        var streamed = stream.getNextEntry();
        String content = new String(stream.readAllBytes());
        System.out.printf("%-10s at %3d by the directory, at %3d by the stream, which reads: %s%n",
            entry.getName(), entry.getLocalHeaderOffset(), streamed.getLocalHeaderOffset(), content);
        if (entry.getLocalHeaderOffset() != streamed.getLocalHeaderOffset()) wrong++;
      }
    }
    System.exit(wrong > 0 ? 0 : 1);
  }
}
JAVA
echo "commons-compress 1.28.0, $(java -version 2>&1 | head -n 1)"
java -cp 'lib/*' Offsets.java 2>/dev/null && status=0 || status=$?
# Seen: two.txt at 75 by the directory, at -300 by the stream; three.txt at 150 and at -525.
[ $status -eq 0 ] && echo "seen: offsets behind a stored entry with a data descriptor are wrong" || echo "CHANGED: all offsets are right"
exit $status
