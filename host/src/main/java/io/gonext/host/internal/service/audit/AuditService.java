package io.gonext.host.internal.service.audit;

import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Done;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code gn_audit_emit(pointer, length)}: a JSON object. Its field {@code event} is the event's
 * name, which begins with the plugin's name and a dot. Its other fields are the row's detail. The
 * function answers 0 once the row is in the queue.
 */
public final class AuditService implements HostService {
  private static final int MAX_BYTES = 4096;
  private static final int MAX_EVENT_LENGTH = 128;
  private static final Pattern EVENT = Pattern.compile("[a-z0-9_-]+(\\.[a-z0-9_-]+)+");

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Body emit = Body.answering(arguments -> emit(scope, arguments));
    return Map.of(
        new ImportKey("env", "gn_audit_emit"), emit,
        new ImportKey("env_platform", "gn_audit_emit"), emit);
  }

  private static HostAnswer emit(PluginScope scope, GuestArguments arguments) {
    if (!(arguments.json(0, MAX_BYTES) instanceof ObjectNode detail)) {
      return Refused.BAD_ARGUMENTS;
    }
    JsonNode event = detail.remove("event");
    if (event == null
        || !event.isString()
        || !isOwn(event.stringValue(), scope.manifest().name())) {
      return Refused.BAD_ARGUMENTS;
    }
    return switch (scope.audit().emitted(event.stringValue(), detail)) {
      case QUEUED -> Done.DONE;
      case TOO_MANY ->
          new HostAnswer.Explained(
              Refused.RATE_LIMITED,
              "a plugin writes at most " + PluginAudit.EVENTS_PER_MINUTE + " events a minute");
      case LOST -> Refused.INTERNAL;
    };
  }

  private static boolean isOwn(String event, String plugin) {
    return event.length() <= MAX_EVENT_LENGTH
        && event.startsWith(plugin + ".")
        && EVENT.matcher(event).matches();
  }
}
