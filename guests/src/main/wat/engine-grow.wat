;; Grows page by page and writes to each page.
(module
  (memory (export "memory") 1)
  ;; Answers the number of pages it has in the end.
  (func (export "grow_to") (param $pages i32) (result i32)
    (loop $again
      (if (i32.lt_u (memory.size) (local.get $pages))
        (then
          (i32.store (i32.shl (memory.grow (i32.const 1)) (i32.const 16)) (i32.const 1))
          (br $again))))
    (memory.size)))
