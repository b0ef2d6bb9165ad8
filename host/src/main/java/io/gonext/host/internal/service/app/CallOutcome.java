package io.gonext.host.internal.service.app;

/** How a permitted call of an application's function ended; a label of its timer. */
enum CallOutcome {
  OK,
  /** The request is too large, is not JSON, or does not match the function's schema. */
  BAD_REQUEST,
  /** Too many calls of functions are inside one another. */
  TOO_DEEP,
  /** The function threw. */
  FAILED,
  /** The answer is too large, has no JSON form, or does not match the function's schema. */
  BAD_ANSWER,
  /** The function did not end before the guest's deadline. */
  TIMED_OUT,
  /** The caller's thread was interrupted for another reason. */
  INTERRUPTED
}
