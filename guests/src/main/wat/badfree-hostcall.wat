;; Calls the host while it gives a block back.
(module
  (import "env" "gn_log" (func $gn_log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "freeing")
  (global $next (mut i32) (i32.const 1024))
  (func (export "gn_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size))))
  (func (export "gn_free") (param $block i32) (param $size i32)
    (call $gn_log (i32.const 1) (i32.const 0) (i32.const 7)))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
