;; Returns how many hooks this instance has run, as {"value":<number>}. Whoever sees 1 twice has
;; met two instances, or one that was reset.
(module
  (include "abi.part")
  (include "number.part")
  (global $calls (mut i64) (i64.const 0))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (call $number (global.get $calls))))
