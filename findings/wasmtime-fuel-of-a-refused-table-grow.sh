#!/usr/bin/env bash
# One expects: a call that does not trap uses the same fuel in each release of wasmtime. Its fuel counts instructions, and `table.grow` is one.
# What happens: a `table.grow` by 100 that the table's maximum refuses (it answers -1) costs 1 for the whole call in wasmtime 47.0.1, 104 in 48.0.0, 4 in 49.0.0 and 50.0.1.
# A `table.grow` by 31 that succeeds costs 35 in all four.
# Why it matters: who stores fuel limits or compares fuel across hosts, as replays and other engines do, must pin the release, not only the module.
# Needs: Python 3 with venv. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > fuel.py <<'PY'
import sys
from wasmtime import Config, Engine, Instance, Module, Store

config = Config()
config.consume_fuel = True
engine = Engine(config)
module = Module(engine, """(module
  (table 6 37 funcref)
  (func (export "grow") (param i32) (result i32)
    (table.grow (ref.null func) (local.get 0))))""")
for size in (31, 100):
    store = Store(engine)
    store.set_fuel(1_000_000)
    grow = Instance(store, module, []).exports(store)["grow"]
    before = store.get_fuel()
    answer = grow(store, size)
    print(f"{sys.argv[1]}: table.grow by {size} answers {answer}, fuel {before - store.get_fuel()}")
PY
python3 --version
for version in 47.0.1 48.0.0 49.0.0 50.0.1; do
  python3 -m venv "v$version" && "v$version/bin/pip" install -q --disable-pip-version-check "wasmtime==$version" >pip.log 2>&1 || { cat pip.log; exit 2; }
  "v$version/bin/python" fuel.py "$version" || exit 2
done | tee seen
cat > expected <<'SEEN'
47.0.1: table.grow by 31 answers 6, fuel 35
47.0.1: table.grow by 100 answers -1, fuel 1
48.0.0: table.grow by 31 answers 6, fuel 35
48.0.0: table.grow by 100 answers -1, fuel 104
49.0.0: table.grow by 31 answers 6, fuel 35
49.0.0: table.grow by 100 answers -1, fuel 4
50.0.1: table.grow by 31 answers 6, fuel 35
50.0.1: table.grow by 100 answers -1, fuel 4
SEEN
diff expected seen || { echo "CHANGED"; exit 1; }
echo "seen: three prices of a refused table.grow in four releases of wasmtime"
