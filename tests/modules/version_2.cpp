/// @file  One of two modules that differ in nothing but a number, which both keep under one name.
#include "daffi/module.hpp"

inline int number = 2;
template <typename T>
int& shared_by_all() {
  static T value = 2;
  return value;
}

static int version() { return number; }
static int raise() { return ++shared_by_all<int>(); }

DAFFI_MODULE(daffi::export_function<&version>(), daffi::export_function<&raise>())
