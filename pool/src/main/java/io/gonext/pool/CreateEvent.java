package io.gonext.pool;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** An attempt to create an instance. The event's duration is that of {@link Allocator#create}. */
@Name("gonext.Create")
@Label("Pool instance created")
@Category({"GoNext", "Pool"})
@Enabled(false)
@StackTrace(false)
final class CreateEvent extends Event {

  @Label("Pool")
  @Nullable String pool;

  @Label("Weight")
  @DataAmount
  long weight;

  @Label("Failure")
  @Description("Class of the exception that the allocator threw")
  @Nullable String failure;
}
