;; Answers every HTTP request, a filter http.serve.<plugin>, with status 200 and the text "Hello
;; from the guest".
(module
  (include "abi.part")
  (data (i32.const 8)
    "{\"value\":{\"status\":200,\"headers\":{\"Content-Type\":\"text/plain\"},"
    "\"body\":\"SGVsbG8gZnJvbSB0aGUgZ3Vlc3QK\"}}")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $body (i32.const 8) (i32.const 102))))
