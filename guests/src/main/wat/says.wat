;; Answers every hook with the body that stands in its data, whatever that is: the length in bytes,
;; then the bytes. Guests.saying puts another one there.
(module
  (memory (export "memory") 96)
  (global $next (mut i32) (i32.const 0x400000))
  (func (export "gn_alloc") (param $size i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size))))
  (func (export "gn_free") (param $block i32) (param $size i32))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.or
      (i64.shl (i64.const 0x100004) (i64.const 32))
      (i64.load32_u (i32.const 0x100000))))
  (data (i32.const 0x100000) "\00\00\00\00"))
