;; Its allocator grows the memory for every block and never takes one back. That is allowed: a host
;; that kept the memory's bounds or its array from before the call writes to the wrong place.
;; Returns the payload's own bytes, copied from block to block.
(module
  (memory (export "memory") 1)
  (func $alloc (export "gn_alloc") (param $size i32) (result i32)
    (local $page i32)
    (local.set $page
      (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))))
    (if (result i32) (i32.eq (local.get $page) (i32.const -1))
      (then (i32.const 0))
      (else (i32.shl (local.get $page) (i32.const 16)))))
  (func (export "gn_free") (param $block i32) (param $size i32))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $copy i32)
    (local.set $copy (call $alloc (local.get $length)))
    (if (i32.eqz (local.get $copy)) (then (return (i64.const 0xfffffffe)))) ;; -2
    (memory.copy (local.get $copy) (local.get $payload) (local.get $length))
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $copy)) (i64.const 32))
      (i64.extend_i32_u (local.get $length)))))
