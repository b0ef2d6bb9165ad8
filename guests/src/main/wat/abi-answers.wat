;; Answers the ABI's calls with what it was told to answer.
(module
  (memory (export "memory") 1 1)
  (global $next (mut i32) (i32.const 0))
  (global $payload (mut i32) (i32.const 0))
  (global $result (mut i64) (i64.const 0))

  (func (export "answers") (param $name i32) (param $payload i32) (param $result i64)
    (global.set $next (local.get $name))
    (global.set $payload (local.get $payload))
    (global.set $result (local.get $result)))

  ;; The first block is for the hook's name, the second for the payload.
  (func (export "gn_alloc") (param i32) (result i32)
    (global.get $next)
    (global.set $next (global.get $payload)))
  (func (export "gn_free") (param i32 i32))
  (func (export "gn_handle_hook") (param i32 i32 i32 i32) (result i64)
    (global.get $result))

  ;; How many bytes of the memory are not 0.
  (func (export "written") (result i32)
    (local $at i32) (local $count i32)
    (loop $next
      (local.set $count
        (i32.add (local.get $count)
          (i32.ne (i32.load8_u (local.get $at)) (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 65536))))
    (local.get $count)))
