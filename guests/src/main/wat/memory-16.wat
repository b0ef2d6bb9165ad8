;; 16 MiB of memory.
(module
  (memory (export "memory") 256)
  (include "touch.part")
)
