;; 1 MiB of memory.
(module
  (memory (export "memory") 16)
  (include "touch.part")
)
