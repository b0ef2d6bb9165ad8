;; Exports an imported function as its gn_alloc: the signature is right, the code is the host's.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (export "gn_alloc" (func $fd_close))
  (func (export "gn_free") (param $block i32) (param $size i32))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
