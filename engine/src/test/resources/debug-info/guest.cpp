// A guest whose functions' names are mangled as C++ does it; see README.md for how it is built.
// DebugInfoTest knows the lines by their marks.

namespace shop {

template <typename T, int Size>
struct Basket {
  T items[Size];

  [[gnu::noinline]] T operator[](unsigned item) const {
    if (item >= Size) {
      __builtin_trap();  // mark: operator
    }
    return items[item];
  }
};

template <typename B>
[[gnu::noinline]] int total(const B &basket, unsigned items) {
  int sum = 0;
  for (unsigned item = 0; item < items; item++) {
    sum += basket[item];  // mark: call of operator
  }
  return sum;
}

}  // namespace shop

extern "C" [[clang::export_name("total")]] int total(unsigned items) {
  volatile int one = 1;
  shop::Basket<int, 3> basket = {one, 2, 3};
  return shop::total(basket, items) + 1;  // mark: call of total
}
