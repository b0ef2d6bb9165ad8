package io.gonext.host.internal.service.i18n;

import io.gonext.engine.PlainText;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.json.InvalidJsonException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * {@code gn_i18n_translate}: a text of the plugin's bundle in the language that suits a user best.
 * The texts of a version are parsed at their first use.
 */
public final class I18nService implements HostService {
  /** A key with its arguments. */
  static final int MAX_REQUEST_BYTES = 16 * 1024;

  static final int MAX_RANGES_BYTES = 256;
  static final int MAX_TEXT_BYTES = 64 * 1024;

  private static final int MAX_SHOWN_LENGTH = 200;

  private final MeterRegistry meters;

  public I18nService(MeterRegistry meters) {
    this.meters = meters;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Catalogs catalogs = new Catalogs(scope.locales());
    if (scope.mode() == PluginScope.Mode.SERVING) {
      catalogs.warmUp();
    }
    return Map.of(
        new ImportKey("env", "gn_i18n_translate"),
        Body.answering(arguments -> {
          HostAnswer answer = translate(catalogs, arguments);
          if (answer == Refused.NOT_FOUND && scope.mode().hasEffects()) {
            missing(scope.manifest().name());
          }
          return answer;
        }));
  }

  private void missing(String plugin) {
    Counter.builder("gonext.plugin.translation.missing")
        .description("Texts that a plugin asked for and its bundle does not have")
        .tag("plugin", plugin)
        .register(meters)
        .increment();
  }

  private static HostAnswer translate(Catalogs catalogs, GuestArguments arguments) {
    String key = arguments.text(0, MAX_REQUEST_BYTES);
    String ranges = arguments.text(2, MAX_RANGES_BYTES);
    Request request;
    try {
      request = Request.read(key);
    } catch (InvalidJsonException e) {
      return refused("the key is neither a key nor JSON: " + e.getMessage());
    } catch (IllegalArgumentException e) {
      return refused(String.valueOf(e.getMessage()));
    }
    Message message;
    try {
      message = catalogs.find(request.key(), ranges);
    } catch (IllegalArgumentException e) {
      return refused("not a language tag: " + PlainText.of(ranges, MAX_SHOWN_LENGTH));
    }
    return message == null ? Refused.NOT_FOUND : text(message, request);
  }

  private static HostAnswer text(Message message, Request request) {
    String text;
    try {
      text = message.format(request.arguments());
    } catch (IllegalArgumentException e) {
      return refused(
          PlainText.of(request.key(), MAX_SHOWN_LENGTH)
              + ": "
              + PlainText.of(String.valueOf(e.getMessage()), MAX_SHOWN_LENGTH));
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return utf8.length > MAX_TEXT_BYTES
        ? new HostAnswer.Explained(
            Refused.QUOTA, "the text has more than " + MAX_TEXT_BYTES + " bytes")
        : new HostAnswer.Body(utf8);
  }

  private static HostAnswer refused(String why) {
    return new HostAnswer.Explained(Refused.BAD_ARGUMENTS, why);
  }
}
