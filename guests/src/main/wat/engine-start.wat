;; A command: its start section, then _start, which exits with code 0 as toolchains' runtimes do.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (global $stage (mut i32) (i32.const 0))
  (func $first (global.set $stage (i32.const 1)))
  (start $first)
  (func (export "_start")
    (global.set $stage (i32.add (global.get $stage) (i32.const 10)))
    (call $proc_exit (i32.const 0)))
  (func (export "stage") (result i32) (global.get $stage)))
