# shellcheck shell=sh
# What ./gonext and ./bench share: bin/jvm.sh, and building once.
#
# Sourced, with $program (the name messages begin with), $root (the checkout, absolute), $module (the
# Maven module) and $jar (what is to run) set. Everything that is written here lies in
# $root/target/launch. A start that finds all in place costs two runs of `find` before it becomes the
# JVM.

# shellcheck disable=SC2154 # set by who sources this
: "$program" "$root" "$jar" "$module"

launch_dir=$root/target/launch
build_log=$launch_dir/build.log
# shellcheck disable=SC2034 # for jvm.sh
needs_compiler=yes build_id=''
# shellcheck source=bin/jvm.sh
. "$root/bin/jvm.sh"

# ---- the build --------------------------------------------------------------------------------

# Makes sure that $jar is built from the sources as they are.
build_once() {
  stamp=$launch_dir/$module.built
  if [ -n "${GONEXT_NO_BUILD:-}" ]; then
    [ -f "$jar" ] || fail "$jar does not exist and GONEXT_NO_BUILD forbids to build it."
    return
  fi
  is_current && return
  take_lock || fail "has to build first and cannot write to $launch_dir; start it once as a user \
who can${jar_exists:+, or set GONEXT_NO_BUILD=1 to run what was built before}."
  # Another start may have built it in the meantime.
  is_current || build
  release_lock
}

# Whether $jar is newer than every source. The stamp is as old as the start of the build: what was
# saved while it ran is newer. A build by plain Maven leaves no stamp, and then the jar is taken.
is_current() {
  jar_exists=
  newer=
  [ -f "$jar" ] || return 1
  jar_exists=yes
  reference=$stamp
  [ -f "$stamp" ] || reference=$jar
  # Directories count as well: one changes when a file in it is added, renamed or deleted.
  newer=$(cd "$root" && find pom.xml ./*/pom.xml ./*/src/main ./examples/*/*.gnplugin \
    -newer "$reference" -print -quit)
  [ -z "$newer" ]
}

build() {
  find_maven
  : >"$stamp.new"
  if [ -n "$newer" ]; then
    why="building, because ${newer##*/} has changed"
  else
    why="building, about a minute the first time"
  fi
  # Tests are neither compiled nor run: this is the way to the first start, not to a release.
  if ! run_visibly "$why" 1800 "$build_log" \
    env JAVA_HOME="$java_home" "$maven" -B -ntp -Dstyle.color=never -Dmaven.test.skip=true \
    -f "$root/pom.xml" -pl "$module" -am package; then
    release_lock
    # Without Maven's closing advice, which is about how to run Maven.
    sed -n -e '/-> \[Help 1\]$/q' -e '/^\[ERROR\] ./p' "$build_log" | sed -n '1,15p' >&2
    fail "the build failed; all of its output is in $build_log."
  fi
  rm -f "$launch_dir/$module".*.aot
  mv "$stamp.new" "$stamp"
}

# Maven on PATH if it is recent enough for this build, else the wrapper, which downloads one.
find_maven() {
  maven=$root/mvnw
  command -v mvn >/dev/null || return 0
  found=$(JAVA_HOME=$java_home mvn -B --version 2>/dev/null |
    sed -n 's/.*Apache Maven \([0-9][0-9]*\)\.\([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2 \3/p')
  # shellcheck disable=SC2086 # three numbers
  set -- $found
  if [ "$(((${1:-0} * 1000 + ${2:-0}) * 1000 + ${3:-0}))" -ge 3008007 ]; then
    maven=$(command -v mvn)
  fi
}
