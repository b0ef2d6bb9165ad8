;; Grows its memory in the allocator and says so, as Emscripten's malloc does with
;; -sALLOW_MEMORY_GROWTH.
(module
  (import "env" "emscripten_notify_memory_growth" (func $grown (param i32)))
  (memory (export "memory") 1)
  (func (export "gn_alloc") (param $size i32) (result i32)
    (local $page i32)
    (local.set $page (memory.grow (i32.const 1)))
    (call $grown (i32.const 0))
    (i32.shl (local.get $page) (i32.const 16)))
  (func (export "gn_free") (param $block i32) (param $size i32))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
