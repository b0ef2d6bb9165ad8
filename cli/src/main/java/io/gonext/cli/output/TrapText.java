package io.gonext.cli.output;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.SourceLocation;
import io.gonext.engine.TrapState;
import io.gonext.engine.ValueType;
import io.gonext.host.recording.RecordedResult.Trap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A trap for people: where it was in the author's own source, and what the instance was like. */
public final class TrapText {
  /** Compilers and panics name a place so: {@code src/lib.rs:12:5}. */
  private static final Pattern PLACE =
      Pattern.compile("([^\\s()\"'`]{1,512}?\\.[A-Za-z]{1,4}):([0-9]{1,7})(?::([0-9]{1,5}))?");

  private static final int MAX_FRAMES = 32;
  private static final int MAX_GLOBALS = 16;
  private static final int MAX_MESSAGE_LINES = 24;
  private static final int PAGE_BYTES = 64 * 1024;

  private TrapText() {}

  /** What the guest or the engine says, which may be several lines. */
  public static List<String> message(Trap trap) {
    return trap.text()
        .lines()
        .limit(MAX_MESSAGE_LINES)
        .map(line -> line.replace("\t", "    "))
        .toList();
  }

  /**
   * The backtrace, a line for each frame, and the author's lines.
   *
   * @param project the author's project, if it is at hand
   */
  public static List<String> where(Trap trap, @Nullable Path project) {
    List<String> lines = new ArrayList<>();
    List<GuestFrame> frames = trap.backtrace();
    int at = 0;
    while (at < frames.size() && lines.size() < MAX_FRAMES) {
      int next = at + 1;
      while (next < frames.size() && frames.get(next).equals(frames.get(at))) {
        next++;
      }
      int times = next - at;
      lines.add("at " + shown(frames.get(at)) + (times > 1 ? ", " + times + " times" : ""));
      at = next;
    }
    if (project != null) {
      lines.addAll(
          source(
              trap.text(),
              frames.stream()
                  .map(GuestFrame::source)
                  .filter(Objects::nonNull)
                  .map(Objects::requireNonNull)
                  .toList(),
              project));
    }
    return lines;
  }

  private static String shown(GuestFrame frame) {
    SourceLocation source = frame.source();
    String offset = frame.codeOffset() < 0 ? "" : " @0x" + Integer.toHexString(frame.codeOffset());
    if (source == null) {
      return frame.name() + offset;
    }
    String column = source.column() > 0 ? ":" + source.column() : "";
    return frame.name() + " (" + source + column + ")" + offset;
  }

  /**
   * The author's lines: where the message says that it was, or else the innermost frame.
   *
   * @param frames the lines of the frames that have one, innermost first
   */
  public static List<String> source(String message, List<SourceLocation> frames, Path project) {
    List<SourceLocation> places = new ArrayList<>();
    Matcher named = PLACE.matcher(message);
    while (named.find()) {
      places.add(
          new SourceLocation(
              named.group(1),
              Integer.parseInt(named.group(2)),
              named.group(3) == null ? 0 : Integer.parseInt(named.group(3))));
    }
    places.addAll(frames);
    return places.stream()
        .map(place -> SourceExcerpt.of(project, place))
        .filter(lines -> !lines.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  /** The memory and the globals at the trap. */
  public static List<String> state(TrapState state) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "memory: %d of at most %d pages of 64 KiB".formatted(state.pages(), state.maximumPages()));
    for (TrapState.Part part : state.parts()) {
      lines.add(
          "  %-5s 0x%08x to 0x%08x, %s, %s written"
              .formatted(
                  part.kind().name().toLowerCase(Locale.ROOT),
                  part.from(),
                  part.to(),
                  size(part.to() - part.from()),
                  Sizes.text(part.writtenBytes())));
    }
    if (!state.globals().isEmpty()) {
      lines.add("globals:");
    }
    for (TrapState.Global global : state.globals().stream().limit(MAX_GLOBALS).toList()) {
      lines.add(
          "  %s %s = %s"
              .formatted(
                  global.name().isEmpty() ? "global " + global.index() : global.name(),
                  global.type(),
                  value(global)));
    }
    int more = state.globals().size() - MAX_GLOBALS;
    if (more > 0) {
      lines.add("  and " + more + " more");
    }
    return lines;
  }

  private static String size(long bytes) {
    long pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    return bytes < PAGE_BYTES
        ? Sizes.text(bytes)
        : Sizes.text(bytes) + " in " + pages + (pages == 1 ? " page" : " pages");
  }

  private static String value(TrapState.Global global) {
    long bits = global.bits();
    return switch (global.type()) {
      case ValueType.F32 -> Float.toString(Float.intBitsToFloat((int) bits));
      case ValueType.F64 -> Double.toString(Double.longBitsToDouble(bits));
      case ValueType.I32 -> "%d (0x%x)".formatted((int) bits, (int) bits);
      default -> "%d (0x%x)".formatted(bits, bits);
    };
  }
}
