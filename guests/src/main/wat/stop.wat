;; Answers the value "last" and ends the chain with it; of a payload with "flag" in it, with a stop
;; that is no boolean.
(module
  (include "abi.part")
  (data (i32.const 8) "{\"value\":\"last\",\"stop\":true}")
  (data (i32.const 64) "{\"value\":\"last\",\"stop\":1}")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    ;; {"kind":"filter","value":" is 26 bytes long.
    (if (i32.eq (i32.load offset=26 (local.get $payload)) (i32.const 0x67616c66)) ;; flag
      (then (return (call $body (i32.const 64) (i32.const 25)))))
    (call $body (i32.const 8) (i32.const 28))))
