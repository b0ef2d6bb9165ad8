package io.gonext.cli.profile;

import io.gonext.host.PluginProfile;
import io.gonext.host.PluginProfile.Frame;
import io.gonext.host.PluginProfile.Stack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * A profile in the format of Go's pprof: a message {@code perftools.profiles.Profile} of protocol
 * buffers, compressed with gzip. The numbers of the fields are those of {@code profile.proto} in
 * github.com/google/pprof.
 */
final class Pprof {
  private static final int SAMPLE_TYPE = 1;
  private static final int SAMPLE = 2;
  private static final int LOCATION = 4;
  private static final int FUNCTION = 5;
  private static final int STRING_TABLE = 6;
  private static final int DURATION_NANOS = 10;

  private final Message profile = new Message();
  private final Map<String, Long> strings = new LinkedHashMap<>();
  private final Map<Named, Long> functions = new LinkedHashMap<>();
  private final Map<Frame, Long> locations = new LinkedHashMap<>();

  private record Named(String name, String file) {}

  private Pprof() {
    // The table begins with the empty text.
    var _ = string("");
  }

  static byte[] bytes(PluginProfile profile) {
    byte[] message = new Pprof().message(profile);
    var packed = new ByteArrayOutputStream();
    try (var to = new GZIPOutputStream(packed)) {
      to.write(message);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  private byte[] message(PluginProfile from) {
    boolean isFuel = from.unit() == PluginProfile.Unit.FUEL;
    profile.message(
        SAMPLE_TYPE,
        new Message()
            .number(1, string(isFuel ? "fuel" : "samples"))
            .number(2, string(isFuel ? "units" : "count")));
    for (Stack stack : from.stacks()) {
      var sample = new Message();
      var ids = new Message();
      for (Frame frame : stack.frames().reversed()) {
        ids.varint(location(frame));
      }
      sample.message(1, ids).message(2, new Message().varint(stack.weight()));
      profile.message(SAMPLE, sample);
    }
    profile.number(DURATION_NANOS, Math.round(from.seconds() * 1e9));
    strings
        .keySet()
        .forEach(text -> profile.bytes(STRING_TABLE, text.getBytes(StandardCharsets.UTF_8)));
    return profile.toBytes();
  }

  private long string(String text) {
    return strings.computeIfAbsent(text, _ -> (long) strings.size());
  }

  private long location(Frame frame) {
    Long known = locations.get(frame);
    if (known != null) {
      return known;
    }
    long id = locations.size() + 1L;
    locations.put(frame, id);
    profile.message(
        LOCATION,
        new Message()
            .number(1, id)
            .message(4, new Message().number(1, function(frame)).number(2, frame.line())));
    return id;
  }

  private long function(Frame frame) {
    var named = new Named(frame.function(), frame.file() == null ? "" : frame.file());
    Long known = functions.get(named);
    if (known != null) {
      return known;
    }
    long id = functions.size() + 1L;
    functions.put(named, id);
    long name = string(named.name);
    profile.message(
        FUNCTION,
        new Message().number(1, id).number(2, name).number(3, name).number(4, string(named.file)));
    return id;
  }

  /** A message in the wire format of protocol buffers. */
  private static final class Message {
    private static final int VARINT = 0;
    private static final int LENGTH = 2;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3 | VARINT);
      return varint(value);
    }

    Message message(int field, Message content) {
      return bytes(field, content.toBytes());
    }

    Message bytes(int field, byte[] content) {
      varint((long) field << 3 | LENGTH);
      varint(content.length);
      out.writeBytes(content);
      return this;
    }

    Message varint(long value) {
      long left = value;
      while ((left & ~0x7FL) != 0) {
        out.write((int) ((left & 0x7F) | 0x80));
        left >>>= 7;
      }
      out.write((int) left);
      return this;
    }

    byte[] toBytes() {
      return out.toByteArray();
    }
  }
}
