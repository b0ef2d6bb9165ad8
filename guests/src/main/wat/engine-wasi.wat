;; Speaks WASI: writes, sleeps, asks for random numbers, closes its output, exits.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 2)

  ;; Writes len bytes at ptr to fd; answers the error number.
  (func (export "write") (param $fd i32) (param $ptr i32) (param $len i32) (result i32)
    (i32.store (i32.const 0) (local.get $ptr))
    (i32.store (i32.const 4) (local.get $len))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "close") (param i32) (result i32)
    (call $fd_close (local.get 0)))
  ;; Sleeps for some nanoseconds on the monotonic clock; answers the number of events.
  (func (export "sleep") (param i64) (result i32)
    (i64.store (i32.const 64) (i64.const 77))
    (i32.store8 (i32.const 72) (i32.const 0))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (local.get 0))
    (i32.store16 (i32.const 104) (i32.const 0))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 160)))
    (i32.load (i32.const 160)))
  (func (export "random") (result i64)
    (drop (call $random_get (i32.const 200) (i32.const 8)))
    (i64.load (i32.const 200)))
  (func (export "time") (param i32) (result i64)
    (drop (call $clock_time_get (local.get 0) (i64.const 1) (i32.const 208)))
    (i64.load (i32.const 208)))
  (func (export "open") (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
      (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 216)))
  (func (export "exit") (param i32)
    (call $proc_exit (local.get 0))))
