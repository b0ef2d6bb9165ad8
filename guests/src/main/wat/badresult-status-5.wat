;; Answers every hook with the status -5, which is the host's own word for a trap.
(module
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0xfffffffb)))
