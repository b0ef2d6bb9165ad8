package io.gonext.host.hook;

import java.time.Duration;

/**
 * One handler's turn in a chain: how long it may take, and whether the chain ends with it. Only the
 * thread that runs the handler may use it.
 */
public interface HookTurn {
  /** What is left of the turn's time; zero or less when it is over. */
  Duration remaining();

  /** Ends the chain: the value that this handler returns is the result. */
  void stop();

  /** As {@link #stop()}, for the value at one position of a batch. */
  void stop(int index);
}
