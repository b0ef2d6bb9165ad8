#!/usr/bin/env bash
# One expects: what H2's MVStore has committed and synced is there after the process is killed.
# What happens: H2 2.5.252 loses the last commit, however long ago it was, where the commit was written into free space inside the file and not
# where the commit before it had foretold. The header of the file is written anew then, so that recovery finds the commit; but since 2.5 it is
# written before the field that it is made from is set (RandomAccessStore.writeChunk; FileStore.storeBuffer sets lastChunk after it). So it names
# the commit before, and recovery ends there. H2 2.4.240 sets the field first and loses nothing.
# Why it matters: an embedded store that answers "saved" after COMMIT with WRITE_DELAY=0 and CHECKPOINT SYNC comes back older after a kill.
# Tests that kill once, or copy a file that has only grown, do not see it: it takes a file with free space in it.
# Needs: a JDK 17 or newer, Maven (or the jars in its repository). Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
for version in 2.4.240 2.5.252; do
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy -Dartifact=com.h2database:h2:$version -DoutputDirectory="$dir" \
    >mvn.log 2>&1 || { cat mvn.log; exit 2; }
done
cat > Life.java <<'JAVA'
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

public class Life {
  public static void main(String[] args) throws Exception {
    MVStore store = new MVStore.Builder().fileName(args[0]).autoCommitDisabled().open();
    MVMap<String, Integer> commits = store.openMap("commits");
    if (args.length == 1) {
      System.out.println(commits.get("last"));
      return;
    }
    store.setRetentionTime(0); // space of old commits is used at once, as it is after 45 s otherwise
    for (int i = 1; i <= Integer.parseInt(args[1]); i++) {
      commits.put("last", i);
      store.commit();
      store.sync();
    }
    System.out.println("committed and synced");
    Thread.sleep(60_000); // until it is killed
  }
}
JAVA
javac -cp h2-2.5.252.jar Life.java
for version in 2.4.240 2.5.252; do
  for commits in 5 8 10 12; do
    file="$dir/$version-$commits.mv"; mkfifo "$file.said"
    java -cp h2-$version.jar:. Life "$file" $commits >"$file.said" &
    writer=$!
    read -r line <"$file.said" || true
    [ "$line" = "committed and synced" ] || { echo "unexpected: $line"; exit 2; }
    kill -9 $writer; wait $writer 2>/dev/null || true
    echo "H2 $version: committed $commits, killed, opened: $(java -cp h2-$version.jar:. Life "$file")"
  done
done | tee seen
# Seen: 2.4.240 opens with 5, 8, 10, 12; 2.5.252 with 5, 7, 9, 11.
want="H2 2.4.240: committed 5, killed, opened: 5
H2 2.4.240: committed 8, killed, opened: 8
H2 2.4.240: committed 10, killed, opened: 10
H2 2.4.240: committed 12, killed, opened: 12
H2 2.5.252: committed 5, killed, opened: 5
H2 2.5.252: committed 8, killed, opened: 7
H2 2.5.252: committed 10, killed, opened: 9
H2 2.5.252: committed 12, killed, opened: 11"
if [ "$(cat seen)" = "$want" ]; then
  echo "seen: 2.5.252 lost the last commit wherever it was written into free space"
else
  echo "CHANGED"; exit 1
fi
