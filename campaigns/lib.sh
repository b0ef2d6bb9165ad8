# shellcheck shell=bash
# What campaigns share: a server of this checkout, and its end. Sourced, with $root and $report set.

# shellcheck disable=SC2154 # set by who sources this
: "$root" "$report"

say() {
  printf '%s\n' "$*"
}

missing() {
  echo "campaign: $1" >&2
  exit 3
}

# Starts a server with its data in $report/data on a free port, and sets $server (its process) and $url.
# Further arguments go to `gonext serve`.
start_server() {
  : >"$report/serve.log"
  "$root/gonext" serve --data "$report/data" --port 0 "$@" >>"$report/serve.log" 2>&1 &
  server=$!
  trap stop_server EXIT
  local waited
  for ((waited = 0; waited < 1200; waited++)); do
    url=$(sed -n 's/^listening on //p' "$report/serve.log")
    if [ -n "$url" ]; then
      # Set here, used by who sources this.
      # shellcheck disable=SC2034
      token=$(cat "$report/data/admin.token")
      return
    fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat "$report/serve.log" >&2
  echo "campaign: the server did not start" >&2
  exit 1
}

# Ends the server, and fails when it does not end well.
stop_server() {
  [ -n "${server:-}" ] || return 0
  local status=0
  kill -TERM "$server" 2>/dev/null || true
  wait "$server" || status=$?
  server=
  return "$status"
}
