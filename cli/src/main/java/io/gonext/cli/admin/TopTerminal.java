package io.gonext.cli.admin;

import io.gonext.cli.admin.TopScreen.Line;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;
import org.jspecify.annotations.Nullable;

/**
 * A terminal with a {@link TopScreen} on it. {@link #close} leaves it as it was, and so does the
 * end of the process by a signal.
 *
 * <p>For one thread, but for {@link #close}.
 */
final class TopTerminal implements AutoCloseable {
  /** How long a key's other characters may take after an escape. */
  private static final long ESCAPE_MILLIS = 50;

  private static final int CTRL_C = 3;
  private static final int BACKSPACE = 8;
  private static final int ESCAPE = 27;
  private static final int DELETE = 127;

  private static final String RED = "\033[31m";
  private static final String YELLOW = "\033[33m";
  private static final int MANY_COLOURS = 8;

  /** A terminal that does not say how large it is. */
  private static final Size USUAL = new Size(80, 24);

  private final Terminal terminal;
  private final Attributes before;
  private final boolean colours;
  private final Thread restore = new Thread(this::restore, "gonext-top-restore");
  private List<Line> drawn = List.of();
  private Size drawnSize = USUAL;
  private boolean restored;

  private TopTerminal(Terminal terminal, boolean colours) {
    this.terminal = terminal;
    Integer most = terminal.getNumericCapability(Capability.max_colors);
    this.colours = colours && most != null && most >= MANY_COLOURS;
    // Before anything changes, so that no signal can come in between.
    this.before = terminal.getAttributes();
    Runtime.getRuntime().addShutdownHook(restore);
    terminal.setAttributes(rawKeys());
    terminal.puts(Capability.enter_ca_mode);
    terminal.puts(Capability.keypad_xmit);
    terminal.puts(Capability.cursor_invisible);
    terminal.flush();
  }

  /**
   * Takes the terminal of this process, with the programs of the system alone: {@code stty}, {@code
   * tty}.
   *
   * @return null where there is none, or it cannot move its cursor
   */
  static @Nullable TopTerminal open(boolean colours) throws IOException {
    Terminal terminal =
        TerminalBuilder.builder().system(true).exec(true).jni(false).ffm(false).dumb(true).build();
    String home = terminal.getStringCapability(Capability.cursor_address);
    if (terminal.getType().startsWith(Terminal.TYPE_DUMB) || home == null) {
      terminal.close();
      return null;
    }
    return new TopTerminal(terminal, colours);
  }

  /** Each key at once and as it is, Ctrl-C and Ctrl-Z too. */
  private Attributes rawKeys() {
    Attributes raw = new Attributes(before);
    for (LocalFlag flag :
        List.of(LocalFlag.ICANON, LocalFlag.ECHO, LocalFlag.IEXTEN, LocalFlag.ISIG)) {
      raw.setLocalFlag(flag, false);
    }
    raw.setInputFlag(InputFlag.IXON, false);
    raw.setControlChar(ControlChar.VMIN, 0);
    raw.setControlChar(ControlChar.VTIME, 1);
    return raw;
  }

  /**
   * Waits for a key and gives it to the screen.
   *
   * @return false when it ends the screen, or when the terminal has gone
   */
  boolean awaitKey(TopScreen screen, long millis) throws IOException {
    NonBlockingReader keys = terminal.reader();
    int character = keys.read(millis);
    if (character == NonBlockingReader.READ_EXPIRED) {
      return true;
    }
    return switch (character) {
      case NonBlockingReader.EOF -> false;
      case CTRL_C -> screen.pressed(TopScreen.Key.CTRL_C);
      case '\r', '\n' -> screen.pressed(TopScreen.Key.ENTER);
      case BACKSPACE, DELETE -> screen.pressed(TopScreen.Key.BACKSPACE);
      case ESCAPE -> screen.pressed(escape(keys));
      default -> screen.typed((char) character);
    };
  }

  /** The rest of a key that begins with an escape, as terminals like xterm send it. */
  private static TopScreen.Key escape(NonBlockingReader keys) throws IOException {
    int second = keys.read(ESCAPE_MILLIS);
    if (second != '[' && second != 'O') {
      return TopScreen.Key.ESCAPE;
    }
    int number = 0;
    int last = keys.read(ESCAPE_MILLIS);
    while ((last >= '0' && last <= '9') || last == ';') {
      number = last == ';' ? number : Math.min(99, number * 10 + last - '0');
      last = keys.read(ESCAPE_MILLIS);
    }
    return switch (last) {
      case 'A' -> TopScreen.Key.UP;
      case 'B' -> TopScreen.Key.DOWN;
      case 'H' -> TopScreen.Key.HOME;
      case 'F' -> TopScreen.Key.END;
      case '~' ->
          switch (number) {
            case 1, 7 -> TopScreen.Key.HOME;
            case 4, 8 -> TopScreen.Key.END;
            case 5 -> TopScreen.Key.PAGE_UP;
            case 6 -> TopScreen.Key.PAGE_DOWN;
            default -> TopScreen.Key.OTHER;
          };
      default -> TopScreen.Key.OTHER;
    };
  }

  /** Draws the screen, if it has changed. */
  void draw(TopScreen screen) {
    Size size = size();
    List<Line> lines = screen.lines(size.getColumns(), size.getRows());
    if (lines.equals(drawn) && size.equals(drawnSize)) {
      return;
    }
    if (!size.equals(drawnSize)) {
      terminal.puts(Capability.clear_screen);
    }
    PrintWriter out = terminal.writer();
    for (int row = 0; row < lines.size(); row++) {
      terminal.puts(Capability.cursor_address, row, 0);
      draw(lines.get(row), out);
      terminal.puts(Capability.clr_eol);
    }
    if (lines.size() < size.getRows()) {
      terminal.puts(Capability.cursor_address, lines.size(), 0);
      terminal.puts(Capability.clr_eos);
    }
    terminal.flush();
    drawn = lines;
    drawnSize = size;
  }

  private void draw(Line line, PrintWriter out) {
    if (line.selected()) {
      terminal.puts(Capability.enter_reverse_mode);
    }
    switch (line.style()) {
      case PLAIN -> {
        // As it is.
      }
      case HEAD -> terminal.puts(Capability.enter_bold_mode);
      case DIM -> terminal.puts(Capability.enter_dim_mode);
      case WARNING -> colour(YELLOW);
      case BAD -> colour(RED);
    }
    out.print(line.text());
    terminal.puts(Capability.exit_attribute_mode);
  }

  /** Written out: JLine fails on the conditions in xterm's own way to set a colour. */
  private void colour(String sequence) {
    if (colours) {
      terminal.writer().print(sequence);
    } else {
      terminal.puts(Capability.enter_bold_mode);
    }
  }

  private Size size() {
    Size size = terminal.getSize();
    return size.getColumns() > 0 && size.getRows() > 0 ? size : USUAL;
  }

  private synchronized void restore() {
    if (restored) {
      return;
    }
    restored = true;
    terminal.puts(Capability.exit_attribute_mode);
    terminal.puts(Capability.cursor_normal);
    terminal.puts(Capability.keypad_local);
    terminal.puts(Capability.exit_ca_mode);
    terminal.flush();
    terminal.setAttributes(before);
  }

  @Override
  public void close() throws IOException {
    restore();
    terminal.close();
    try {
      Runtime.getRuntime().removeShutdownHook(restore);
    } catch (IllegalStateException e) {
      // The process ends, and the hook has run or will find nothing to do.
    }
  }
}
