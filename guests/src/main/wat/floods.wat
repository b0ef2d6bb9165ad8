;; Writes 20,000 empty lines to its standard output in every hook.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $lines i32)
    (local.set $lines (call $alloc (i32.const 20000)))
    (memory.fill (local.get $lines) (i32.const 10) (i32.const 20000))
    (i32.store (i32.const 0) (local.get $lines))
    (i32.store (i32.const 4) (i32.const 20000))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i64.const 0)))
