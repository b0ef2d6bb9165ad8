package io.gonext.engine;

import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * WASI preview 1 for one instance, without files, arguments, environment and sockets: standard
 * streams, clocks, random numbers, sleeping and exit. Every function that would use a file returns
 * the error for a bad descriptor.
 *
 * <p>The source of the layouts and numbers is WASI's {@code legacy/preview1/docs.md}.
 *
 * <p>Owned by the thread inside the instance.
 */
final class Wasi {
  static final String MODULE = "wasi_snapshot_preview1";

  private static final int SUCCESS = 0;
  private static final int BADF = 8;
  private static final int FAULT = 21;
  private static final int INVAL = 28;
  private static final int NOSYS = 52;
  private static final int NOTDIR = 54;
  private static final int NOTSOCK = 57;
  private static final int NOTSUP = 58;
  private static final int SPIPE = 70;

  private static final int STDIN = 0;
  private static final int STDERR = 2;

  private static final int CLOCK_REALTIME = 0;
  private static final int CLOCK_MONOTONIC = 1;
  private static final int CLOCK_THREAD_CPU = 3;

  /** With this file type, wasi-libc flushes at each line end, as for a terminal. */
  private static final byte CHARACTER_DEVICE = 2;

  private static final long RIGHT_READ = 1 << 1;
  private static final long RIGHT_WRITE = 1 << 6;

  /** The most vectors or subscriptions in one call, as in POSIX systems (IOV_MAX). */
  private static final int MAX_VECTORS = 1024;

  private static final int RANDOM_CHUNK_BYTES = 4096;

  /** The body and the signature of every function of the interface. */
  private record Entry(FunctionType type, Body body) {}

  @FunctionalInterface
  private interface Body {
    int apply(Wasi wasi, GuestMemory memory, long[] args);
  }

  private static final Map<String, Entry> FUNCTIONS = functions();

  private final WasiSources sources;
  private final LineSplitter stdout;
  private final LineSplitter stderr;
  private final GuestOutput output;
  private final int maxOutputBytesPerRun;

  /** Which of the three standard descriptors the guest has closed, now and in the snapshot. */
  private boolean[] closed = new boolean[STDERR + 1];

  private boolean[] closedInSnapshot = new boolean[STDERR + 1];

  /** How many bytes the guest may still write in this run, and how many were dropped. */
  private long outputBudget;

  private long droppedBytes;

  Wasi(WasiSources sources, InstanceConfig config) {
    this.sources = sources;
    this.output = config.output();
    this.stdout = new LineSplitter(output, GuestOutput.Stream.STDOUT, config.maxLineBytes());
    this.stderr = new LineSplitter(output, GuestOutput.Stream.STDERR, config.maxLineBytes());
    this.maxOutputBytesPerRun = config.maxOutputBytesPerRun();
  }

  /**
   * The signature of a function of this interface, or null if there is no function with this name.
   */
  static @Nullable FunctionType typeOf(String name) {
    Entry entry = FUNCTIONS.get(name);
    return entry == null ? null : entry.type;
  }

  /** The names of all functions. */
  static java.util.Set<String> names() {
    return FUNCTIONS.keySet();
  }

  /**
   * The function for an import whose name and signature admission has checked. Allowed in the
   * allocator, because Go's allocator reads the clock and yields, and no WASI function enters the
   * guest again.
   */
  HostFunction function(FunctionImport wanted) {
    Entry entry = FUNCTIONS.get(wanted.name());
    if (entry == null) {
      throw new IllegalArgumentException("no WASI function: " + wanted);
    }
    return HostFunction.of(
            MODULE, wanted.name(), entry.type, (call, args) -> answer(entry, call.memory(), args))
        .inAllocator();
  }

  private int answer(Entry entry, GuestMemory memory, long[] args) {
    try {
      return entry.body.apply(this, memory, args);
    } catch (AbiViolationException outside) {
      return FAULT;
    }
  }

  // State ---------------------------------------------------------------------------------------

  void beginRun() {
    outputBudget = maxOutputBytesPerRun;
    droppedBytes = 0;
  }

  /** Passes on unfinished lines, and reports how many bytes were dropped. */
  void flush() {
    stdout.flush();
    stderr.flush();
    if (droppedBytes > 0) {
      long dropped = droppedBytes;
      droppedBytes = 0;
      output.line(GuestOutput.Stream.STDERR, "[" + dropped + " bytes of output dropped]");
    }
  }

  void snapshot() {
    closedInSnapshot = closed.clone();
  }

  void reset() {
    closed = closedInSnapshot.clone();
  }

  @Nullable String differenceFromSnapshot() {
    return Arrays.equals(closed, closedInSnapshot) ? null : "WASI's open descriptors differ";
  }

  private boolean isOpen(long fd) {
    return fd <= STDERR && !closed[(int) fd];
  }

  /** The error of functions for files: the descriptor is a standard stream, or is not open. */
  private int noFile(long fd, int answerForStream) {
    return isOpen(fd) ? answerForStream : BADF;
  }

  // Functions -----------------------------------------------------------------------------------

  private static Map<String, Entry> functions() {
    return Map.ofEntries(
        entry("args_get", "ii", (wasi, memory, args) -> SUCCESS),
        entry("args_sizes_get", "ii", Wasi::nothing),
        entry("environ_get", "ii", (wasi, memory, args) -> SUCCESS),
        entry("environ_sizes_get", "ii", Wasi::nothing),
        entry("clock_res_get", "ii", Wasi::clockResolution),
        entry("clock_time_get", "iIi", Wasi::clockTime),
        entry("fd_advise", "iIIi", (wasi, memory, args) -> wasi.noFile(args[0], SPIPE)),
        entry("fd_allocate", "iII", (wasi, memory, args) -> wasi.noFile(args[0], INVAL)),
        entry("fd_close", "i", Wasi::fdClose),
        entry("fd_datasync", "i", (wasi, memory, args) -> wasi.noFile(args[0], INVAL)),
        entry("fd_fdstat_get", "ii", Wasi::fdstat),
        entry("fd_fdstat_set_flags", "ii", (wasi, memory, args) -> wasi.noFile(args[0], INVAL)),
        entry("fd_fdstat_set_rights", "iII", (wasi, memory, args) -> wasi.noFile(args[0], NOTSUP)),
        entry("fd_filestat_get", "ii", Wasi::filestat),
        entry("fd_filestat_set_size", "iI", (wasi, memory, args) -> wasi.noFile(args[0], INVAL)),
        entry(
            "fd_filestat_set_times", "iIIi", (wasi, memory, args) -> wasi.noFile(args[0], NOTSUP)),
        entry("fd_pread", "iiiIi", (wasi, memory, args) -> wasi.noFile(args[0], SPIPE)),
        entry("fd_prestat_dir_name", "iii", (wasi, memory, args) -> BADF),
        entry("fd_prestat_get", "ii", (wasi, memory, args) -> BADF),
        entry("fd_pwrite", "iiiIi", (wasi, memory, args) -> wasi.noFile(args[0], SPIPE)),
        entry("fd_read", "iiii", Wasi::fdRead),
        entry("fd_readdir", "iiiIi", (wasi, memory, args) -> wasi.noFile(args[0], NOTDIR)),
        entry("fd_renumber", "ii", (wasi, memory, args) -> wasi.noFile(args[0], NOTSUP)),
        entry("fd_seek", "iIii", (wasi, memory, args) -> wasi.noFile(args[0], SPIPE)),
        entry("fd_sync", "i", (wasi, memory, args) -> wasi.noFile(args[0], INVAL)),
        entry("fd_tell", "ii", (wasi, memory, args) -> wasi.noFile(args[0], SPIPE)),
        entry("fd_write", "iiii", Wasi::fdWrite),
        entry("path_create_directory", "iii", Wasi::noDirectory),
        entry("path_filestat_get", "iiiii", Wasi::noDirectory),
        entry("path_filestat_set_times", "iiiiIIi", Wasi::noDirectory),
        entry("path_link", "iiiiiii", Wasi::noDirectory),
        entry("path_open", "iiiiiIIii", Wasi::noDirectory),
        entry("path_readlink", "iiiiii", Wasi::noDirectory),
        entry("path_remove_directory", "iii", Wasi::noDirectory),
        entry("path_rename", "iiiiii", Wasi::noDirectory),
        entry("path_symlink", "iiiii", (wasi, memory, args) -> wasi.noFile(args[2], NOTDIR)),
        entry("path_unlink_file", "iii", Wasi::noDirectory),
        entry("poll_oneoff", "iiii", Wasi::pollOneoff),
        Map.entry(
            "proc_exit",
            new Entry(
                FunctionType.of(ValueType.I32),
                (wasi, memory, args) -> {
                  throw new GuestExitSignal((int) args[0]);
                })),
        entry("proc_raise", "i", (wasi, memory, args) -> NOSYS),
        entry("random_get", "ii", Wasi::randomGet),
        entry("sched_yield", "", (wasi, memory, args) -> SUCCESS),
        entry("sock_accept", "iii", Wasi::noSocket),
        entry("sock_recv", "iiiiii", Wasi::noSocket),
        entry("sock_send", "iiiii", Wasi::noSocket),
        entry("sock_shutdown", "ii", Wasi::noSocket));
  }

  /**
   * A function that returns an error number. In its parameters, {@code i} is i32 and {@code I} is
   * i64.
   */
  private static Map.Entry<String, Entry> entry(String name, String parameters, Body body) {
    var types = parameters.chars().mapToObj(c -> c == 'i' ? ValueType.I32 : ValueType.I64).toList();
    return Map.entry(
        name, new Entry(new FunctionType(types, java.util.List.of(ValueType.I32)), body));
  }

  private int noDirectory(GuestMemory memory, long[] args) {
    return noFile(args[0], NOTDIR);
  }

  private int noSocket(GuestMemory memory, long[] args) {
    return noFile(args[0], NOTSOCK);
  }

  /** No arguments, no environment: a count of 0 and a size of 0. */
  private int nothing(GuestMemory memory, long[] args) {
    memory.writeInt(args[0], 0);
    memory.writeInt(args[1], 0);
    return SUCCESS;
  }

  private int clockResolution(GuestMemory memory, long[] args) {
    if (args[0] > CLOCK_MONOTONIC) {
      return args[0] <= CLOCK_THREAD_CPU ? NOTSUP : INVAL;
    }
    memory.writeLong(args[1], 1);
    return SUCCESS;
  }

  private int clockTime(GuestMemory memory, long[] args) {
    if (args[0] > CLOCK_MONOTONIC) {
      return args[0] <= CLOCK_THREAD_CPU ? NOTSUP : INVAL;
    }
    memory.writeLong(args[2], now(args[0]));
    return SUCCESS;
  }

  private long now(long clock) {
    if (clock == CLOCK_REALTIME) {
      Instant instant = sources.realtime().instant();
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }
    return sources.monotonicNanos().getAsLong();
  }

  private int fdClose(GuestMemory memory, long[] args) {
    if (!isOpen(args[0])) {
      return BADF;
    }
    closed[(int) args[0]] = true;
    return SUCCESS;
  }

  private int fdstat(GuestMemory memory, long[] args) {
    if (!isOpen(args[0])) {
      return BADF;
    }
    memory.write(args[1], new byte[24]);
    memory.writeByte(args[1], CHARACTER_DEVICE);
    memory.writeLong(args[1] + 8, args[0] == STDIN ? RIGHT_READ : RIGHT_WRITE);
    return SUCCESS;
  }

  private int filestat(GuestMemory memory, long[] args) {
    if (!isOpen(args[0])) {
      return BADF;
    }
    memory.write(args[1], new byte[64]);
    memory.writeByte(args[1] + 16, CHARACTER_DEVICE);
    return SUCCESS;
  }

  /** Standard input is empty. */
  private int fdRead(GuestMemory memory, long[] args) {
    if (args[0] != STDIN || !isOpen(args[0])) {
      return BADF;
    }
    memory.writeInt(args[3], 0);
    return SUCCESS;
  }

  private int fdWrite(GuestMemory memory, long[] args) {
    if (args[0] == STDIN || !isOpen(args[0])) {
      return BADF;
    }
    if (args[2] > MAX_VECTORS) {
      return INVAL;
    }
    LineSplitter stream = args[0] == STDERR ? stderr : stdout;
    long written = 0;
    for (long i = 0; i < args[2]; i++) {
      long pointer = Integer.toUnsignedLong(memory.readInt(args[1] + 8 * i));
      long length = Integer.toUnsignedLong(memory.readInt(args[1] + 8 * i + 4));
      long taken = Math.min(length, outputBudget);
      stream.write(memory.read(pointer, taken));
      outputBudget -= taken;
      droppedBytes += length - taken;
      written += length;
    }
    if (written > 0xFFFF_FFFFL) {
      return INVAL;
    }
    memory.writeInt(args[3], (int) written);
    return SUCCESS;
  }

  private int randomGet(GuestMemory memory, long[] args) {
    var chunk = new byte[(int) Math.min(args[1], RANDOM_CHUNK_BYTES)];
    for (long done = 0; done < args[1]; done += chunk.length) {
      Interrupts.check();
      if (args[1] - done < chunk.length) {
        chunk = new byte[(int) (args[1] - done)];
      }
      sources.random().nextBytes(chunk);
      memory.write(args[0] + done, chunk);
    }
    return SUCCESS;
  }

  private int pollOneoff(GuestMemory memory, long[] args) {
    if (args[2] == 0 || args[2] > MAX_VECTORS) {
      return INVAL;
    }
    var poll =
        new WasiPoll(
            memory, args[0], args[1], (int) args[2], this::now, this::isOpen, sources.sleep());
    int events = poll.run();
    if (events == 0) {
      return INVAL;
    }
    memory.writeInt(args[3], events);
    return SUCCESS;
  }
}
