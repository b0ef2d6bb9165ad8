// A guest whose traps have known lines; see README.md for how it is built. DebugInfoTest knows the
// lines by their marks.
#include <stdint.h>
#include <stdlib.h>

#include "guest.h"

static volatile int zero;

__attribute__((noinline)) static int divide(int dividend) {
  return dividend / zero;  // mark: divide
}

__attribute__((noinline, export_name("divide"))) int outer(int dividend) {
  int sum = dividend + 1;
  sum += divide(sum);  // mark: call of divide
  return sum + 1;
}

__attribute__((export_name("load"))) int32_t load(uint32_t address) {
  return *(volatile int32_t *)address;  // mark: load
}

__attribute__((export_name("header"))) int from_header(int value) {
  return in_header(value) + 1;  // mark: call of in_header
}

typedef int (*operation)(int);

static operation operations[] = {divide, in_header};

__attribute__((export_name("pointer"))) int through_pointer(unsigned which) {
  return operations[which % 2](7) + 1;  // mark: call through a pointer
}

__attribute__((export_name("spin"))) void spin(void) {
  for (volatile unsigned i = 0;; i++) {  // mark: spin
  }
}
