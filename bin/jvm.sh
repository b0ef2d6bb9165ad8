# shellcheck shell=sh
# What a checkout's ./gonext and ./bench and an installed gonext share: finding a JDK, ahead-of-time
# caches, starting the JVM.
#
# Sourced, with $program (the name messages begin with), $jar (what is to run), $module (its name among
# caches) and $launch_dir (where caches are made; empty: nowhere) set. Also $needs_compiler (not empty:
# a JRE will not do) and $build_id (names caches; empty: a cache older than the jars is made again).

# shellcheck disable=SC2154 # set by who sources this
: "$program" "$jar" "$module" "$launch_dir" "$needs_compiler" "$build_id"

required_java=25
lock=$launch_dir/lock

say() {
  printf '%s: %s\n' "$program" "$1" >&2
}

fail() {
  say "$1"
  exit 1
}

# ---- the JDK ----------------------------------------------------------------------------------

# Sets $version to the Java version of the JDK at $1; empty when there is none. Reads the file
# `release`, which every JDK since 8 has: starting a JVM to ask takes a hundred times as long.
read_version() {
  version=
  [ -x "$1/bin/java" ] || return 0
  if [ -r "$1/release" ]; then
    while IFS='=' read -r key value; do
      if [ "$key" = JAVA_VERSION ]; then
        version=${value#\"}
        version=${version%%\"*}
      fi
    done <"$1/release"
  fi
  [ -n "$version" ] || version=$(ask_java "$1/bin/java" java.version) || version=
}

# The system property $2 of the JVM that $1 starts.
ask_java() {
  "$1" -XshowSettings:properties -version 2>&1 | sed -n "s/^ *$2 = //p"
}

# Takes the JDK at $1 if it will do: sets $java_home and $java_version. Remembers it otherwise.
try_java() {
  read_version "$1"
  [ -n "$version" ] || return 1
  feature=${version%%[!0-9]*}
  if [ "${feature:-0}" -lt "$required_java" ]; then
    rejected="$rejected$version|$1
"
    return 1
  fi
  if [ -n "$needs_compiler" ] && [ ! -x "$1/bin/javac" ]; then
    rejected="$rejected$version without a compiler|$1
"
    return 1
  fi
  java_home=$1
  java_version=$version
}

# The home of the `java` on PATH. What is there may be a chain of links, or a script of a version
# manager, which only its JVM can see through.
java_home_on_path() {
  command=$(command -v java) || return 1
  command=$(readlink -f "$command" 2>/dev/null || echo "$command")
  home=${command%/bin/*}
  if [ -r "$home/release" ]; then
    echo "$home"
  else
    ask_java "$command" java.home
  fi
}

find_java() {
  rejected=
  if [ -n "${GONEXT_JAVA_HOME:-}" ]; then
    try_java "$GONEXT_JAVA_HOME" && return
    # Asked for by name: another one instead would surprise.
    fail "GONEXT_JAVA_HOME is $GONEXT_JAVA_HOME, which is ${version:+Java $version and }no JDK of \
version $required_java or later."
  fi
  [ -n "${JAVA_HOME:-}" ] && try_java "$JAVA_HOME" && return
  home=$(java_home_on_path) && [ -n "$home" ] && try_java "$home" && return
  for home in /usr/lib/jvm/* "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/*; do
    try_java "$home" && return
  done
  if [ -x /usr/libexec/java_home ]; then
    home=$(/usr/libexec/java_home -v "$required_java+" 2>/dev/null) && try_java "$home" && return
  fi
  for home in /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home; do
    try_java "$home" && return
  done
  fail "needs a JDK of version $required_java or later and found $(describe_rejected); install one \
(Debian, Ubuntu: apt-get install openjdk-25-jdk; macOS: brew install --cask temurin@25; SDKMAN: \
sdk install java 25-tem; or https://adoptium.net), or say where it is with GONEXT_JAVA_HOME."
}

# "Java 17.0.15 in /usr/lib/jvm/java-17 and ...", each once although many names lead to it.
describe_rejected() {
  if [ -z "$rejected" ]; then
    echo "none"
    return
  fi
  printf '%s' "$rejected" | while IFS='|' read -r version home; do
    printf 'Java %s in %s\n' "$version" "$(CDPATH='' cd -P -- "$home" && pwd)"
  done | sort -u | sed -e '2,$s/^/ and /' | tr -d '\n'
}

# Runs the command $4... with its output in the file $3, showing $1 and the seconds that passed.
# Ends it after $2 seconds. Its status is the command's.
run_visibly() {
  doing=$1
  limit=$2
  output=$3
  shift 3
  started=$(date +%s)
  if [ -t 2 ]; then terminal=yes; else terminal=; fi
  [ -n "$terminal" ] || say "$doing ..."
  "$@" >"$output" 2>&1 </dev/null &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    seconds=$(($(date +%s) - started))
    [ "$seconds" -lt "$limit" ] || kill "$job" 2>/dev/null
    if [ -n "$terminal" ]; then
      # Maven's "[INFO] Building GoNext host 0.1.0-SNAPSHOT   [5/6]"
      step=$(sed -n 's/.* Building \(.*\) [0-9][^ ]* *\[\([0-9/]*\)\]$/: \1 \2/p' "$output" |
        tail -n 1)
      printf '\r\033[K%s: %s, %s s%s' "$program" "$doing" "$seconds" "$step" >&2
    fi
    sleep 0.2 2>/dev/null || sleep 1
  done
  wait "$job"
  status=$?
  job=
  seconds=$(($(date +%s) - started))
  if [ -n "$terminal" ]; then
    printf '\r\033[K' >&2
  elif [ "$status" -eq 0 ]; then
    say "... done after $seconds s"
  fi
  return "$status"
}

# ---- one at a time ----------------------------------------------------------------------------

# A symbolic link, because making one is atomic and its target, the holder's process id, comes with
# it. Returns 1 when nothing can be written here.
take_lock() {
  [ -n "$launch_dir" ] && mkdir -p "$launch_dir" 2>/dev/null && [ -w "$launch_dir" ] || return 1
  waiting=
  misses=0
  # From here on an interrupt must not leave the lock, or a Maven, behind.
  trap 'abandon 130' INT
  trap 'abandon 143' TERM
  trap 'abandon 129' HUP
  until ln -s "$$" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock") || {
      # Either it was released a moment ago, or no link can be made here at all.
      misses=$((misses + 1))
      [ -w "$launch_dir" ] && [ "$misses" -lt 50 ] || return 1
      continue
    }
    if ! kill -0 "$holder" 2>/dev/null && ! ps -p "$holder" >/dev/null 2>&1; then
      # It died without a chance to clean up. Look again before removing: somebody else may have.
      [ "$(readlink "$lock")" = "$holder" ] && rm -f "$lock"
      continue
    fi
    [ -n "$waiting" ] || say "waiting for the build of process $holder ..."
    waiting=yes
    sleep 0.2 2>/dev/null || sleep 1
  done
  job=
}

release_lock() {
  rm -f "$lock"
  trap - INT TERM HUP
}

abandon() {
  # A job in the background of a script ignores the terminal's interrupt: it has to be told.
  [ -z "${job:-}" ] || { kill "$job" && wait "$job"; } 2>/dev/null
  [ "$(readlink "$lock" 2>/dev/null)" != "$$" ] || rm -f "$lock"
  [ -z "${terminal:-}" ] || printf '\n' >&2
  exit "$1"
}

# ---- the JVM ----------------------------------------------------------------------------------

# What every JVM gets. A guest runs on its caller's stack, and Go's runtime takes much of it. Guests
# pass the JIT's limit on inlined code; the third flag keeps the backtrace of an access out of bounds
# that happens often. The heap begins small and what the compilers needed is given back, so that an idle
# host takes little memory. What the JVM has to say goes to
# stderr: stdout belongs to the program. A cache that does not fit is no warning, it is only a slower start.
java_options="-Xss4m -XX:-ClipInlining -XX:-OmitStackTraceInFastThrow \
--enable-native-access=ALL-UNNAMED -XX:InitialRAMPercentage=0.2 -XX:TrimNativeHeapInterval=10000 \
-XX:+DisplayVMOutputToStderr -Xlog:disable -Xlog:all=warning:stderr:level,tags \
-Xlog:aot*=off:stderr -Xlog:cds*=off:stderr"

# The JVM has two compiler threads on two processors. A plugin that is loaded brings more code than
# they compile in ten seconds, because its callers take half of the processors meanwhile. With four
# threads, as on eight processors, the code is compiled in half of the time. A thread ends when it
# has nothing to do.
add_compilers() {
  processors=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null) || processors=
  # A container's share: "200000 100000" are two processors, "max 100000" are all.
  if [ -r /sys/fs/cgroup/cpu.max ] && read -r quota period </sys/fs/cgroup/cpu.max; then
    case $quota in
      *[!0-9]* | '') ;;
      *)
        share=$(((quota + ${period:=100000} - 1) / period))
        [ "$share" -ge "${processors:-8}" ] || processors=$share
        ;;
    esac
  fi
  if [ "${processors:-8}" -lt 8 ]; then
    java_options="$java_options -XX:CICompilerCount=4"
  fi
}

# Three kinds of start, each with a cache of its own: JDK 25 loads every class of a cache at once, so
# that one of a host would make --version slower than none at all. What only prints or asks a host
# needs no second compiler and no collector threads; what runs plugins gets the collector that the JVM
# chooses. Sets $kind for the command $1, and the options of its JVM.
choose_kind() {
  case ${1:-} in
    '' | help | -h | --help | -V | --version) kind=print ;;
    serve | demo | train | replay | plugin) kind=host ;;
    *) kind=client ;;
  esac
  if [ "$kind" = host ]; then
    add_compilers
  else
    java_options="$java_options -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  fi
}

# Sets $cache to the ahead-of-time cache of $kind, and makes it, by a training run, if there is none
# for this JDK and this build. A JVM refuses a cache of other jars or of another JVM by itself; one
# that could not be made is an empty file, so that it is tried once a build. Where none can be made,
# the start is slower and nothing else.
find_cache() {
  cache=$launch_dir/$module.$kind.$java_version$(flat "$java_home")${build_id:+.$build_id}.aot
  if cache_is_current; then
    return
  fi
  if [ -n "${GONEXT_NO_BUILD:-}" ] || ! take_lock; then
    return
  fi
  cache_is_current || make_cache
  release_lock
}

cache_is_current() {
  [ -f "$cache" ] || return 1
  # Jars of a package all have one time: only their content says which build they are of.
  [ -z "$build_id" ] || return 0
  newer=$(find "$jar" "${jar%/*}/lib" -newer "$cache" -print -quit)
  [ -z "$newer" ]
}

make_cache() {
  [ -z "$build_id" ] || rm -f "$launch_dir/$module.$kind".*.aot
  if run_visibly "preparing quick starts, once" 120 "$launch_dir/cache.log" \
    train "$cache.new" "$launch_dir/training" && [ -s "$cache.new" ]; then
    mv "$cache.new" "$cache"
  else
    rm -f "$cache.new"
    true >"$cache"
  fi
}

# Runs what starts of $kind do, with a store in the directory $2, and writes the cache $1.
train() {
  case $kind in
    print) training='--version' ;;
    client) training='train --client --data' ;;
    host) training='train --data' ;;
  esac
  [ "$kind" = print ] || set -- "$1" "$2" "$2"
  output_file=$1
  trained_in=$2
  shift 2
  trained=0
  # shellcheck disable=SC2086 # lists of options
  "$java_home/bin/java" $java_options -XX:AOTCacheOutput="$output_file" -jar "$jar" $training "$@" || trained=$?
  rm -rf "$trained_in"
  return "$trained"
}

# The JVM opens each jar, and a host a file for each connection. With too few, the JVM ends with a message that
# says nothing of files. It takes the hard limit itself.
least_files=128

require_files() {
  # POSIX has no option for the hard limit; every shell that is /bin/sh somewhere has this one.
  # shellcheck disable=SC3045
  files=$(ulimit -H -n 2>/dev/null) || return 0
  case $files in
    *[!0-9]* | '') return 0 ;;
  esac
  [ "$files" -ge "$least_files" ] || fail "may open only $files files at once and needs at least $least_files: \
raise the limit with ulimit -n, or LimitNOFILE of systemd."
}

# Becomes the JVM that runs $jar with the arguments $@.
run_java() {
  require_files
  if [ -s "${cache:-}" ]; then
    set -- "-XX:AOTCache=$cache" -jar "$jar" "$@"
  else
    set -- -jar "$jar" "$@"
  fi
  # Split at spaces, but not expanded as patterns of files.
  set -f
  # shellcheck disable=SC2086 # lists of options
  exec "$java_home/bin/java" $java_options ${GONEXT_JAVA_OPTS:-} "$@"
}

# $1 as part of a file's name.
flat() (
  IFS=/
  set -f
  # shellcheck disable=SC2086 # split at the slashes
  set -- $1
  IFS=-
  printf '%s' "$*"
)
