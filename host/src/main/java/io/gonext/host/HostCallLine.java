package io.gonext.host;

import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import io.gonext.engine.PlainText;
import io.gonext.engine.ValueType;
import io.gonext.host.HostCalls.Call;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.abi.ImportRow;
import io.gonext.host.internal.abi.StatusFamily;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One call of a host function as a line, by the ABI's table. Two arguments are a block if the
 * function read a block of that pointer and length.
 */
final class HostCallLine {
  private static final String WASI = "wasi_snapshot_preview1.";
  private static final int MAX_NAME = 128;
  private static final int MAX_ARGUMENTS = 16;
  private static final int MAX_BLOCKS = 64;
  private static final int MAX_WRITTEN = 8;
  private static final List<String> LEVELS = List.of("debug", "info", "warn", "error");

  private final Call call;
  private final String name;
  private final @Nullable ImportRow row;

  /** The blocks that the function read, without those that are shown as arguments. */
  private final List<Read> reads = new ArrayList<>();

  private final List<Wrote> writes = new ArrayList<>();

  private HostCallLine(Call call) {
    this.call = call;
    String function = call.called().function();
    int dot = function.indexOf('.');
    ImportKey key =
        new ImportKey(function.substring(0, Math.max(0, dot)), function.substring(dot + 1));
    this.row = AbiTable.v1().find(key);
    this.name =
        row != null
            ? key.name()
            : PlainText.of(
                function.startsWith(WASI) ? function.substring(WASI.length()) : function, MAX_NAME);
    for (Event event : call.rest()) {
      switch (event) {
        case Read read when reads.size() < MAX_BLOCKS -> reads.add(read);
        case Wrote wrote when writes.size() < MAX_BLOCKS -> writes.add(wrote);
        default -> {
          // The call's end, or more blocks than a function of a host has.
        }
      }
    }
  }

  static String of(Call call) {
    var line = new HostCallLine(call);
    String arguments = line.arguments();
    return line.name + "(" + arguments + ")" + line.end(arguments);
  }

  // Arguments -----------------------------------------------------------------------------------

  private String arguments() {
    if (name.equals("fd_write") && row == null) {
      return written();
    }
    long[] args = call.called().arguments();
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < args.length && i < MAX_ARGUMENTS; i++) {
      Read block = i + 1 < args.length ? block(args[i], args[i + 1]) : null;
      Read text = block == null ? text(args[i]) : null;
      if (block != null) {
        reads.remove(block);
        shown.add(ShortBytes.of(block.bytes()));
        i++;
      } else if (text != null) {
        reads.remove(text);
        reads.removeIf(read -> isLength(read, text.pointer()));
        shown.add(ShortBytes.of(utf16(text.bytes())));
      } else if (i == 0 && name.equals("gn_log") && args[0] >= 0 && args[0] < LEVELS.size()) {
        shown.add(LEVELS.get((int) args[0]));
      } else {
        shown.add(number(args[i], type(i)));
      }
    }
    if (args.length > MAX_ARGUMENTS) {
      shown.add("and " + (args.length - MAX_ARGUMENTS) + " more");
    }
    return String.join(", ", shown);
  }

  /** WASI's {@code fd_write} gives a list of blocks: the blocks follow the list. */
  private String written() {
    long[] args = call.called().arguments();
    StringBuilder text = new StringBuilder();
    for (Read read : reads.stream().skip(1).limit(MAX_WRITTEN).toList()) {
      text.append(new String(read.bytes(), StandardCharsets.UTF_8));
    }
    reads.clear();
    writes.clear();
    String to =
        args.length == 0
            ? ""
            : args[0] == 1 ? "stdout, " : args[0] == 2 ? "stderr, " : args[0] + ", ";
    return to + ShortBytes.of(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private @Nullable Read block(long pointer, long length) {
    return reads.stream()
        .filter(read -> read.pointer() == pointer && read.bytes().length == length)
        .findFirst()
        .orElse(null);
  }

  /** A string of AssemblyScript: its length lies before it, and the function read both. */
  private @Nullable Read text(long pointer) {
    if (row == null || reads.stream().noneMatch(read -> isLength(read, pointer))) {
      return null;
    }
    return reads.stream()
        .filter(read -> read.pointer() == pointer)
        .findFirst()
        .orElse(new Read(pointer, new byte[0]));
  }

  private static boolean isLength(Read read, long pointer) {
    return read.bytes().length == Integer.BYTES && read.pointer() == pointer - Integer.BYTES;
  }

  private static byte[] utf16(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_16LE).getBytes(StandardCharsets.UTF_8);
  }

  private ValueType type(int argument) {
    return row != null && argument < row.type().parameters().size()
        ? row.type().parameters().get(argument)
        : ValueType.I64;
  }

  private static String number(long bits, ValueType type) {
    return switch (type) {
      case F64 -> Double.toString(Double.longBitsToDouble(bits));
      case F32 -> Float.toString(Float.intBitsToFloat((int) bits));
      case I32 -> Integer.toString((int) bits);
      default -> Long.toString(bits);
    };
  }

  // The end -------------------------------------------------------------------------------------

  private String end(String arguments) {
    return switch (call.events().getLast()) {
      case Returned(long result) -> answer(result);
      case Ended ended -> " -> ends the call: " + how(ended, arguments);
      default -> "";
    };
  }

  private static String how(Ended ended, String arguments) {
    // A panic says once more what its arguments are.
    boolean isSaid =
        ended.text().isEmpty()
            || arguments.equals(ShortBytes.of(ended.text().getBytes(StandardCharsets.UTF_8)));
    String text = isSaid ? "" : ": " + ShortBytes.plain(ended.text());
    return switch (ended.cause()) {
      case EXIT -> "exit code " + ended.exitCode();
      case PANIC -> "panic" + text;
      case ABI_VIOLATION -> "the guest broke its contract" + text;
      case HOST_FAILURE -> "the host failed";
      case TRAP -> "the guest's allocator trapped";
    };
  }

  private String answer(long result) {
    if (row == null) {
      return " -> " + result + memory();
    }
    List<ValueType> results = row.type().results();
    if (results.isEmpty()) {
      return "";
    }
    if (name.equals("gn_time_ms") || name.equals("Date.now")) {
      long millis =
          results.getFirst() == ValueType.F64 ? (long) Double.longBitsToDouble(result) : result;
      return " -> " + millis + moment(millis);
    }
    return switch (results.getFirst()) {
      case I64 -> body(result);
      case I32 -> " -> " + status((int) result, row.statuses());
      default -> " -> " + number(result, results.getFirst());
    };
  }

  private static String moment(long millis) {
    try {
      return " (" + Instant.ofEpochMilli(millis) + ")";
    } catch (DateTimeException e) {
      return "";
    }
  }

  /** A pointer and a length, or a status in place of a length. */
  private String body(long result) {
    int length = (int) result;
    if (length < 0) {
      return " -> " + status(length, row == null ? StatusFamily.DATA : row.statuses());
    }
    long pointer = result >>> 32;
    if (pointer == 0 && length == 0) {
      return " -> ok";
    }
    return writes.stream()
        .filter(wrote -> wrote.pointer() == pointer && wrote.bytes().length == length)
        .findFirst()
        .map(wrote -> " -> " + ShortBytes.of(wrote.bytes()) + " (" + bytes(length) + ")")
        .orElse(" -> " + bytes(length) + " at " + pointer);
  }

  private static String bytes(int count) {
    return count == 1 ? "1 byte" : count + " bytes";
  }

  private static String status(int status, StatusFamily family) {
    if (status == 0) {
      return "ok";
    }
    return Arrays.stream(Refused.values())
            .filter(refused -> family.status(refused) == status)
            .findFirst()
            .map(refused -> refused.name().toLowerCase(Locale.ROOT).replace('_', ' '))
            .orElse("status")
        + " ("
        + status
        + ")";
  }

  /** What a function that the table does not have did with the memory. */
  private String memory() {
    StringBuilder text = new StringBuilder();
    for (Event event : call.rest()) {
      if (text.length() > ShortBytes.MAX_CHARS) {
        break;
      }
      String shown =
          switch (event) {
            case Read read when reads.contains(read) -> "reads " + ShortBytes.of(read.bytes());
            case Wrote wrote when writes.contains(wrote) ->
                "writes " + ShortBytes.of(wrote.bytes());
            case CalledBack back -> "calls " + PlainText.of(back.toString(), MAX_NAME);
            default -> "";
          };
      if (!shown.isEmpty()) {
        text.append(", ").append(shown);
      }
    }
    return text.toString();
  }
}
