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
 * The terminal that this process was started from. Keys come without Enter while it is in use; the
 * settings it had come back on close. Thread-safe.
 */
final class SystemTerminal implements Terminal {
  private static final Path STAT = Path.of("/proc/self/stat");

  // Fields of /proc/self/stat behind the program's name, see proc_pid_stat(5).
  private static final int PROCESS_GROUP = 2;
  private static final int FOREGROUND_GROUP = 5;

  private final boolean interactive;
  private final InputStream keyboard;

  /** What stty is to restore; null while nothing was changed. */
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
    // A job in the background is stopped by the system as soon as it touches the terminal.
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
            // No keys any more.
          }
        });
  }

  private static boolean isInForeground() {
    try {
      String stat = Files.readString(STAT, StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[PROCESS_GROUP].equals(fields[FOREGROUND_GROUP]);
    } catch (IOException e) {
      // No such file on this system.
      return true;
    }
  }

  /** What stty answers, or null where it cannot. */
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
      // Clears this thread's interrupt for the moment: the terminal is restored all the same.
      boolean interrupted = Thread.interrupted();
      stty(before);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
