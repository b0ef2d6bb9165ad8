;; Leaks: grows its memory by a page in every hook, and is done without a body. It declares no
;; maximum, so what ends the growth is the host's.
(module
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (drop (memory.grow (i32.const 1)))
    (i64.const 0)))
