package io.gonext.cli.dev;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The terminal of this process. While it is in use, keys arrive without Enter; {@link #close}
 * restores its settings. Thread-safe.
 */
final class SystemTerminal implements Terminal {
  private static final Path STAT = Path.of("/proc/self/stat");

  // Fields of /proc/self/stat behind the program's name, see proc_pid_stat(5).
  private static final int PROCESS_GROUP = 2;
  private static final int FOREGROUND_GROUP = 5;

  private final boolean interactive;
  private final InputStream keyboard;

  /** The settings for stty to restore; null while nothing was changed. */
  private final AtomicReference<@Nullable String> settings = new AtomicReference<>();

  @SuppressWarnings("SystemConsoleNull") // since JDK 25 it is null again without a terminal
  SystemTerminal(Map<String, String> environment, InputStream keyboard) {
    Console console = System.console();
    this.interactive =
        console != null
            && console.isTerminal()
            && isUnset(environment, "CI")
            && isUnset(environment, "NO_COLOR")
            && !"dumb".equals(environment.get("TERM"));
    this.keyboard = keyboard;
  }

  private static boolean isUnset(Map<String, String> environment, String variable) {
    return environment.getOrDefault(variable, "").isEmpty();
  }

  @Override
  public boolean isInteractive() {
    return interactive;
  }

  @Override
  public void onKey(IntConsumer key) {
    // The system stops a background job that changes the terminal.
    if (!interactive || !isInForeground()) {
      return;
    }
    String before = stty("-g");
    if (before == null) {
      return;
    }
    settings.set(before);
    stty("-icanon -echo min 1 time 0");
    Thread.ofPlatform()
        .daemon()
        .name("gonext-keys")
        .start(() -> {
          try {
            for (int pressed = keyboard.read(); pressed >= 0; pressed = keyboard.read()) {
              key.accept(pressed);
            }
          } catch (IOException e) {
            // The terminal is gone.
          }
        });
  }

  private static boolean isInForeground() {
    try {
      String stat = Files.readString(STAT, StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[PROCESS_GROUP].equals(fields[FOREGROUND_GROUP]);
    } catch (IOException e) {
      // This system has no such file.
      return true;
    }
  }

  /** The output of stty, or null if it fails. */
  private static @Nullable String stty(String arguments) {
    try {
      Process process =
          new ProcessBuilder("sh", "-c", "stty " + arguments + " </dev/tty")
              .redirectError(new File("/dev/null"))
              .start();
      String answer;
      try (InputStream in = process.getInputStream()) {
        answer = new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
      }
      return process.waitFor(2, TimeUnit.SECONDS) && process.exitValue() == 0 ? answer : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  @Override
  public void close() {
    String before = settings.getAndSet(null);
    if (before != null) {
      // An interrupt must not keep stty from restoring the terminal.
      boolean interrupted = Thread.interrupted();
      stty(before);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
