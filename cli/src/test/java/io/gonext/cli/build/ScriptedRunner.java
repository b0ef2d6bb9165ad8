package io.gonext.cli.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Records each command and follows the test's script instead of running it. */
public final class ScriptedRunner implements CommandRunner {
  /** What a command does: write files, print lines, return an exit code, or wait. */
  public interface Script {
    int run(ToolCommand command, Consumer<String> output) throws IOException, InterruptedException;
  }

  public final List<ToolCommand> commands = new CopyOnWriteArrayList<>();
  private volatile Script script;

  public ScriptedRunner(Script script) {
    this.script = script;
  }

  /** A script that leaves a module in the project's output. */
  public static Script builds(byte[] wasm) {
    return (command, output) -> {
      Path file = command.directory().resolve(Toolchain.OUTPUT);
      Files.createDirectories(file.getParent());
      Files.write(file, wasm);
      return 0;
    };
  }

  public void then(Script next) {
    script = next;
  }

  @Override
  public int run(ToolCommand command, Consumer<String> output)
      throws IOException, InterruptedException {
    commands.add(command);
    return script.run(command, output);
  }

  /** All commands, as one would type them. */
  public List<String> typed() {
    return commands.stream().map(ToolCommand::toString).toList();
  }
}
