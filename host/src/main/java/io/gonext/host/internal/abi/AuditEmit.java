package io.gonext.host.internal.abi;

import io.gonext.engine.HostCall;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code gn_audit_emit}: a JSON object whose {@code event} names what happened, beginning with the
 * plugin's name and a dot; its other fields are the row's detail. It answers 0 once the row is
 * queued.
 */
final class AuditEmit {
  private static final int MAX_BYTES = 4096;
  private static final int MAX_EVENT_LENGTH = 128;
  private static final Pattern EVENT = Pattern.compile("[a-z0-9_-]+(\\.[a-z0-9_-]+)+");

  private AuditEmit() {}

  static long emit(PluginAccess plugin, HostCall call, long[] args) {
    if (args[1] > MAX_BYTES) {
      return Statuses.DATA.badArguments;
    }
    JsonNode json;
    try {
      json = StrictJson.parse(call.memory().read(args[0], args[1]));
    } catch (InvalidJsonException e) {
      return Statuses.DATA.badArguments;
    }
    if (!(json instanceof ObjectNode detail)) {
      return Statuses.DATA.badArguments;
    }
    JsonNode event = detail.remove("event");
    if (event == null
        || !event.isString()
        || !isOwn(event.stringValue(), plugin.manifest().name())) {
      return Statuses.DATA.badArguments;
    }
    return switch (plugin.audit().emitted(event.stringValue(), detail)) {
      case QUEUED -> 0;
      case TOO_MANY -> Statuses.DATA.quota;
      case LOST -> Statuses.DATA.internal;
    };
  }

  private static boolean isOwn(String event, String plugin) {
    return event.length() <= MAX_EVENT_LENGTH
        && event.startsWith(plugin + ".")
        && EVENT.matcher(event).matches();
  }
}
