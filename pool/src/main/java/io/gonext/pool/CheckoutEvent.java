package io.gonext.pool;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A checkout that had to wait; the event's duration is the wait. */
@Name("gonext.Checkout")
@Label("Pool checkout that waited")
@Category({"GoNext", "Pool"})
@Enabled(false)
@StackTrace(false)
final class CheckoutEvent extends Event {

  @Label("Pool")
  @Nullable String pool;

  @Label("Outcome")
  @Description("lease, or the simple name of the exception")
  @Nullable String outcome;
}
