;; Its allocator calls the host. Where a host function writes its result through gn_alloc, that is a
;; host call inside a host call.
(module
  (import "env" "gn_log" (func $gn_log (param i32 i32 i32)))
  (data (i32.const 0) "allocating")

  (memory (export "memory") 1)
  (func (export "gn_alloc") (param $size i32) (result i32)
    (call $gn_log (i32.const 1) (i32.const 0) (i32.const 10))
    (i32.const 1024))
  (func (export "gn_free") (param $block i32) (param $size i32))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
