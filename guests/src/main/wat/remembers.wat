;; Looks in every hook for what an earlier one left behind, and leaves something behind everywhere:
;; in static data, a global, a table, in memory it grew, and in blocks it never gave back. Returns
;; how many of the five places it found changed, as {"value":<number>}.
(module
  (include "abi.part")
  (include "number.part")
  (global $left (mut i32) (i32.const 0))
  (table 2 funcref)
  (elem declare func $alloc)
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $found i64)
    (local.set $found
      (i64.extend_i32_u
        (i32.add
          (i32.add
            (i32.ne (i32.load (i32.const 64)) (i32.const 0))
            (i32.ne (global.get $left) (i32.const 0)))
          (i32.add
            (i32.eqz (ref.is_null (table.get (i32.const 0))))
            (i32.add
              (i32.ne (memory.size) (i32.const 2))
              ;; Name and payload are two blocks; a third is one of an earlier call.
              (i32.ne (global.get $blocks) (i32.const 2)))))))
    (i32.store (i32.const 64) (i32.load (local.get $payload)))
    (global.set $left (local.get $length))
    (table.set (i32.const 0) (ref.func $alloc))
    (drop (memory.grow (i32.const 1)))
    (drop (call $alloc (i32.const 100)))
    (call $number (local.get $found))))
