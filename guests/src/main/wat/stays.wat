;; Refuses to leave service: on_deactivate returns 1.
(module
  (include "abi.part")
  (func (export "on_deactivate") (result i32)
    (i32.const 1))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
