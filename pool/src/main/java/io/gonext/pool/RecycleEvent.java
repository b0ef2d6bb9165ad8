package io.gonext.pool;

import jdk.jfr.Category;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** An instance that left its pool. */
@Name("gonext.Recycle")
@Label("Pool instance recycled")
@Category({"GoNext", "Pool"})
@Enabled(false)
@StackTrace(false)
final class RecycleEvent extends Event {

  @Label("Pool")
  @Nullable String pool;

  @Label("Reason")
  @Nullable String reason;
}
