package io.gonext.host.internal.abi;

import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The payloads of hooks and what guests answer to them, as JSON. */
public final class HookCodec {
  /** The host's own word for a trap. */
  private static final int HOSTS_OWN_STATUS = -5;

  private static final byte[] FILTER = utf8("{\"kind\":\"filter\",\"value\":");
  private static final byte[] BATCH = utf8("{\"kind\":\"filter_batch\",\"values\":[");
  private static final byte[] BATCH_ARGS = utf8("],\"args\":");
  private static final byte[] COMMA = utf8(",");

  /** What a payload of several values takes at most. */
  private static final int BATCH_BYTES = GuestAbi.MAX_PAYLOAD_BYTES / 2;

  private static final byte[] ACTION = utf8("{\"kind\":\"action\"");
  private static final byte[] ARGS = utf8(",\"args\":");
  private static final byte[] NO_ARGS = utf8("[]");
  private static final byte[] END = utf8("}");

  private HookCodec() {}

  /** What a filter made of a value, and whether the chain ends with it. */
  public record FilterAnswer(JsonNode value, boolean stop) {}

  /**
   * The payload of a filter.
   *
   * @throws HookFailedException when it is larger than the ABI allows
   */
  public static byte[] filter(JsonNode value, List<JsonNode> args) throws HookFailedException {
    return checked(filterPayload(value, args), GuestAbi.MAX_PAYLOAD_BYTES);
  }

  /**
   * The payload of a filter that serves a route.
   *
   * @throws HookFailedException when it is larger than the ABI allows
   */
  public static byte[] route(JsonNode request) throws HookFailedException {
    return checked(filterPayload(request, List.of()), GuestAbi.MAX_ROUTE_PAYLOAD_BYTES);
  }

  private static byte[] filterPayload(JsonNode value, List<JsonNode> args) {
    return join(FILTER, StrictJson.write(value), ARGS, array(args), END);
  }

  /**
   * The payload of an action.
   *
   * @throws HookFailedException when it is larger than the ABI allows
   */
  public static byte[] action(List<JsonNode> args) throws HookFailedException {
    return checked(join(ACTION, ARGS, array(args), END), GuestAbi.MAX_PAYLOAD_BYTES);
  }

  /**
   * A filter's answer.
   *
   * @param otherwise the value where the guest answered without a body
   * @throws HookFailedException when it is a status below zero, or no answer to a filter
   */
  public static FilterAnswer filterAnswer(HookReply reply, JsonNode otherwise)
      throws HookFailedException {
    return switch (reply) {
      case HookReply.Done() -> new FilterAnswer(otherwise, false);
      case HookReply.Failed failed -> throw failure(failed);
      case HookReply.Body(byte[] body) -> {
        JsonNode result = parsed(body);
        JsonNode value = result.get("value");
        if (value == null) {
          throw badAnswer("its answer has no \"value\"");
        }
        yield new FilterAnswer(value, flag(result));
      }
    };
  }

  /**
   * An action's answer, which has no content.
   *
   * @throws HookFailedException when it is a status below zero
   */
  public static void actionAnswer(HookReply reply) throws HookFailedException {
    if (reply instanceof HookReply.Failed failed) {
      throw failure(failed);
    }
  }

  /**
   * Values of a batch that go in one payload, and that payload.
   *
   * @param first the position of the first of them among all
   */
  public record BatchPart(int first, int size, byte[] payload) {}

  /**
   * The payloads of many values for one filter, in order. A part takes as many values as fit into
   * half of the largest payload, and one at least: the other half is for values that grow in the
   * answer.
   *
   * @return empty when a value alone is larger than the ABI allows
   */
  public static Optional<List<BatchPart>> batch(List<JsonNode> values, List<JsonNode> args) {
    byte[] end = join(BATCH_ARGS, array(args), END);
    List<BatchPart> parts = new ArrayList<>();
    List<byte[]> pieces = new ArrayList<>();
    int first = 0;
    int bytes = 0;
    for (int i = 0; i < values.size(); i++) {
      byte[] piece = StrictJson.write(values.get(i));
      if (i > first && BATCH.length + bytes + piece.length + end.length > BATCH_BYTES) {
        parts.add(part(first, pieces, end));
        pieces.clear();
        first = i;
        bytes = 0;
      }
      pieces.add(i == first ? piece : join(COMMA, piece));
      bytes += piece.length + 1;
    }
    parts.add(part(first, pieces, end));
    return parts.stream().allMatch(part -> part.payload.length <= GuestAbi.MAX_PAYLOAD_BYTES)
        ? Optional.of(parts)
        : Optional.empty();
  }

  private static BatchPart part(int first, List<byte[]> pieces, byte[] end) {
    List<byte[]> all = new ArrayList<>(pieces.size() + 2);
    all.add(BATCH);
    all.addAll(pieces);
    all.add(end);
    return new BatchPart(first, pieces.size(), join(all.toArray(byte[][]::new)));
  }

  /**
   * What a filter answered to one part of a batch.
   *
   * @param otherwise the values where the guest answered without a body
   * @return one answer a value
   * @throws HookFailedException when it is a status below zero, or no answer to that batch
   */
  public static List<FilterAnswer> batchAnswer(HookReply reply, List<JsonNode> otherwise)
      throws HookFailedException {
    return switch (reply) {
      case HookReply.Done() ->
          otherwise.stream().map(value -> new FilterAnswer(value, false)).toList();
      case HookReply.Failed failed -> throw failure(failed);
      case HookReply.Body(byte[] body) -> {
        JsonNode result = parsed(body);
        JsonNode values = result.path("values");
        JsonNode stop = result.path("stop");
        if (!values.isArray() || values.size() != otherwise.size()) {
          throw badAnswer("its \"values\" is not an array of " + otherwise.size());
        }
        if (!stop.isMissingNode()
            && (!stop.isArray()
                || stop.size() != values.size()
                || !stop.valueStream().allMatch(JsonNode::isBoolean))) {
          throw badAnswer("its \"stop\" is not an array of " + otherwise.size() + " booleans");
        }
        List<FilterAnswer> answers = new ArrayList<>(values.size());
        for (int i = 0; i < values.size(); i++) {
          answers.add(new FilterAnswer(values.get(i), stop.path(i).asBoolean(false)));
        }
        yield answers;
      }
    };
  }

  private static boolean flag(JsonNode result) throws HookFailedException {
    JsonNode stop = result.get("stop");
    if (stop != null && !stop.isBoolean()) {
      throw badAnswer("its \"stop\" is not a boolean");
    }
    return stop != null && stop.booleanValue();
  }

  private static JsonNode parsed(byte[] body) throws HookFailedException {
    try {
      return StrictJson.parse(body);
    } catch (InvalidJsonException e) {
      throw new HookFailedException(
          HookOutcome.BAD_ANSWER, "its answer is not JSON: " + e.getMessage(), e);
    }
  }

  private static HookFailedException failure(HookReply.Failed failed) {
    if (failed.status() == HOSTS_OWN_STATUS) {
      return badAnswer("it answered " + HOSTS_OWN_STATUS + ", which only a host may say");
    }
    return new HookFailedException(
        HookOutcome.STATUS, "it answered " + failed.status() + " (" + failed.meaning() + ")", null);
  }

  private static HookFailedException badAnswer(String why) {
    return new HookFailedException(HookOutcome.BAD_ANSWER, why, null);
  }

  private static byte[] array(List<JsonNode> args) {
    return args.isEmpty()
        ? NO_ARGS
        : StrictJson.write(JsonNodeFactory.instance.arrayNode().addAll(args));
  }

  private static byte[] checked(byte[] payload, int mostBytes) throws HookFailedException {
    if (payload.length > mostBytes) {
      throw new HookFailedException(
          HookOutcome.PAYLOAD_TOO_LARGE,
          "the payload is " + payload.length + " bytes, the most is " + mostBytes,
          null);
    }
    return payload;
  }

  private static byte[] join(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    byte[] whole = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    return whole;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
