package io.gonext.host.internal.service;

import io.gonext.engine.HostCall;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.json.StrictJson;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The last call of a host function in a run that did not do what the guest asked for. */
public final class LastError {
  private static final Object KEY = new Object();

  private @Nullable Refused refused;
  private String message = "";

  /** Empty unless the database rejected a statement. */
  private String sqlState = "";

  private LastError() {}

  /** Keeps the reason of an answer that has one. */
  static void keep(HostCall call, HostAnswer answer) {
    switch (answer) {
      case Refused refused -> of(call).set(refused, "");
      case HostAnswer.Explained(Refused refused, String message) -> of(call).set(refused, message);
      case HostAnswer.RejectedByDatabase(String sqlState, String message) -> {
        LastError last = of(call);
        last.set(Refused.REJECTED, message);
        last.sqlState = sqlState;
      }
      case HostAnswer.Unavailable(String reason) -> of(call).set(Refused.INTERNAL, reason);
      case HostAnswer.ApplicationFailed(String reason) -> of(call).set(Refused.INTERNAL, reason);
      case HostAnswer.UpstreamFailed(String message) ->
          of(call).set(Refused.UPSTREAM_FAILED, message);
      case HostAnswer.Done _, HostAnswer.Body _, HostAnswer.Confidential _ -> {
        // The function did its work.
      }
    }
  }

  private static LastError of(HostCall call) {
    return call.once(KEY, LastError::new);
  }

  private void set(Refused newRefused, String newMessage) {
    refused = newRefused;
    message = newMessage;
    sqlState = "";
  }

  /**
   * {@code {"code":"rejected","message":"...","sqlstate":"23505"}}; done if no call failed in this
   * run.
   */
  public static HostAnswer read(GuestArguments arguments) {
    LastError last = arguments.once(KEY, LastError::new);
    if (last.refused == null) {
      return HostAnswer.Done.DONE;
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("code", last.refused.name().toLowerCase(Locale.ROOT));
    if (!last.message.isEmpty()) {
      json.put("message", last.message);
    }
    if (!last.sqlState.isEmpty()) {
      json.put("sqlstate", last.sqlState);
    }
    return new HostAnswer.Body(StrictJson.write(json));
  }
}
