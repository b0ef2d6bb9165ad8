package io.gonext.host.internal.abi;

/** How the functions of a module of imports say what went wrong. */
enum Statuses {
  /** {@code gonext_data}, and all functions that return an i32. */
  DATA(-1, -2, -3, -4, -5),
  /** {@code env_net}; what it calls "bad request" is the bad arguments of the others. */
  NET(-2, -7, -1, -6, -4);

  final int denied;
  final int internal;
  final int badArguments;
  final int notFound;
  final int quota;

  Statuses(int denied, int internal, int badArguments, int notFound, int quota) {
    this.denied = denied;
    this.internal = internal;
    this.badArguments = badArguments;
    this.notFound = notFound;
    this.quota = quota;
  }
}
