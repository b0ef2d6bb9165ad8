package io.gonext.host;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.GuestSamples;
import io.gonext.host.json.StrictJson;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a plugin's code spends its time or its fuel with. Names and paths in it come from the
 * plugin.
 *
 * @param plugin the plugin's name
 * @param version its version
 * @param unit what is counted
 * @param seconds how long it was watched; 0 where that does not matter
 * @param others samples of other code; 0 for fuel
 * @param stacks functions that called each other, those with most first
 */
public record PluginProfile(
    String plugin, String version, Unit unit, double seconds, long others, List<Stack> stacks) {
  /** A profile with more counts those that were seen least together. */
  public static final int MAX_STACKS = 5_000;

  /** A deeper stack has lost its outermost functions. */
  public static final int MAX_FRAMES = 512;

  private static final int MAX_NAME_CHARS = 1_024;

  /** Copies the list. */
  public PluginProfile {
    stacks = List.copyOf(stacks);
  }

  /** What is counted. */
  public enum Unit {
    /** Moments at which a thread was seen in the code. */
    SAMPLES,
    /** Units of fuel. */
    FUEL
  }

  /**
   * Functions that called each other.
   *
   * @param frames outermost first
   * @param isCut whether the outermost functions are not known
   * @param weight how much was counted while the last one ran
   */
  public record Stack(List<Frame> frames, boolean isCut, long weight) {
    /** Copies the list. */
    public Stack {
      frames = List.copyOf(frames);
    }
  }

  /**
   * A function that runs.
   *
   * @param function its name
   * @param file the file of the line that runs; null if it is not known
   * @param line from 1; 0 if it is not known
   * @param isHost whether it is a function of the host
   */
  public record Frame(String function, @Nullable String file, int line, boolean isHost) {}

  /** All that was counted. */
  public long total() {
    return stacks.stream().mapToLong(Stack::weight).sum();
  }

  /**
   * What a sampler saw of a plugin's module.
   *
   * @param importedFunctions how many functions the module imports
   */
  public static PluginProfile of(
      String plugin, String version, double seconds, int importedFunctions, GuestSamples samples) {
    var stacks = new ArrayList<Stack>();
    long rest = 0;
    for (GuestSamples.Stack stack : samples.stacks()) {
      if (stacks.size() == MAX_STACKS - 1) {
        rest += stack.samples();
        continue;
      }
      List<Frame> frames =
          stack.frames().reversed().stream().map(frame -> frame(frame, importedFunctions)).toList();
      stacks.add(new Stack(frames, stack.isCut(), stack.samples()));
    }
    if (rest > 0) {
      stacks.add(new Stack(List.of(new Frame("(rare stacks)", null, 0, false)), false, rest));
    }
    return new PluginProfile(plugin, version, Unit.SAMPLES, seconds, samples.others(), stacks);
  }

  private static Frame frame(GuestFrame frame, int importedFunctions) {
    boolean isHost = frame.functionIndex() < importedFunctions;
    return frame.source() == null
        ? new Frame(frame.name(), null, 0, isHost)
        : new Frame(frame.name(), frame.source().file(), frame.source().line(), isHost);
  }

  /** The profile as the operator's API answers it. */
  public ObjectNode toJson() {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", plugin)
            .put("version", version)
            .put("unit", unit == Unit.FUEL ? "fuel" : "samples")
            .put("seconds", seconds)
            .put("total", total())
            .put("others", others);
    ArrayNode all = body.putArray("stacks");
    for (Stack stack : stacks) {
      ObjectNode one = all.addObject().put("weight", stack.weight()).put("cut", stack.isCut());
      ArrayNode frames = one.putArray("frames");
      for (Frame frame : stack.frames()) {
        ObjectNode view = frames.addObject().put("function", frame.function());
        if (frame.file() != null) {
          view.put("file", frame.file()).put("line", frame.line());
        }
        if (frame.isHost()) {
          view.put("host", true);
        }
      }
    }
    return body;
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException when it is not a profile
   */
  public static PluginProfile parse(JsonNode body) {
    JsonNode all = body.path("stacks");
    if (!all.isArray() || all.size() > MAX_STACKS) {
      throw new IllegalArgumentException("it is not a profile");
    }
    var stacks = new ArrayList<Stack>();
    for (JsonNode one : all) {
      var frames = new ArrayList<Frame>();
      for (JsonNode frame : one.path("frames")) {
        String file = frame.path("file").asString("");
        frames.add(
            new Frame(
                shortened(frame.path("function").asString("")),
                file.isEmpty() ? null : shortened(file),
                Math.max(0, frame.path("line").asInt(0)),
                frame.path("host").asBoolean(false)));
      }
      long weight = StrictJson.integer(one.path("weight")).orElse(-1);
      if (weight < 0 || frames.isEmpty() || frames.size() > MAX_FRAMES) {
        throw new IllegalArgumentException("it is not a profile");
      }
      stacks.add(new Stack(frames, one.path("cut").asBoolean(false), weight));
    }
    return new PluginProfile(
        shortened(body.path("name").asString("")),
        shortened(body.path("version").asString("")),
        body.path("unit").asString("").equals("fuel") ? Unit.FUEL : Unit.SAMPLES,
        body.path("seconds").asDouble(0),
        StrictJson.integer(body.path("others")).orElse(0),
        stacks);
  }

  private static String shortened(String text) {
    return text.length() <= MAX_NAME_CHARS ? text : text.substring(0, MAX_NAME_CHARS);
  }
}
