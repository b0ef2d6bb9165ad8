package io.gonext.host;

/** Where a job is. */
public enum JobState {
  /** It waits for its time, or for an instance. */
  WAITING,
  /** A node runs it. */
  RUNNING,
  SUCCEEDED,
  /** Its last attempt failed, and it waits for the next one. */
  FAILED,
  /** No attempt follows, unless an operator asks for one. */
  DEAD,
  CANCELLED;

  /** Whether nothing happens to it by itself. */
  public boolean isEnded() {
    return this == SUCCEEDED || this == DEAD || this == CANCELLED;
  }
}
