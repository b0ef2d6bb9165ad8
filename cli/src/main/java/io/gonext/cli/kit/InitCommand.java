package io.gonext.cli.kit;

import io.gonext.cli.dev.DevFailure;
import io.gonext.cli.dev.ToolSurvey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin init}: a project that builds at once. */
@Command(
    name = "init",
    description = "Make a project that builds at once, with the SDK in it.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin init hello --lang rust",
      "  gonext plugin init work/a --lang go --name my-plugin",
      "",
      "Nothing is fetched: the SDK comes with this command. Only AssemblyScript's compiler is a",
      "package of its own, which npm install brings.",
      KitCommand.EXIT_CODES
    })
final class InitCommand extends KitCommand {
  /** A plugin's name, as the manifest wants it. */
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{2,40}");

  @Parameters(paramLabel = "DIR", description = "A directory that is empty or not there yet.")
  private Path directory;

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      required = true,
      description = "rust, go, assemblyscript or c.")
  private String language;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The plugin's name (default: the directory's).")
  private @Nullable String name;

  @Override
  Answer answer() throws IOException, InterruptedException {
    Template template = Template.of(language);
    Path root = directory.toAbsolutePath().normalize();
    String plugin =
        name != null ? name : Objects.requireNonNullElse(root.getFileName(), root).toString();
    if (!NAME.matcher(plugin).matches()) {
      throw new DevFailure(
          DevFailure.Kind.USAGE,
          "a plugin cannot be called "
              + plugin
              + ": 3 to 41 lower-case letters, digits and -, a letter first",
          "give it another name: --name my-plugin");
    }
    requireEmpty(root);
    Map<String, byte[]> files = template.project(plugin);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path target = root.resolve(file.getKey());
      Files.createDirectories(Objects.requireNonNull(target.getParent()));
      Files.write(target, file.getValue());
    }
    ToolSurvey.Finding tool;
    try (TemporaryDirectory scratch = TemporaryDirectory.create()) {
      tool = ToolSurvey.take(template.language(), scratch.path()).getFirst();
    }
    List<String> text = new ArrayList<>();
    text.add("ok  " + directory + " created (" + files.size() + " files)");
    text.add("    " + tool.found());
    tool.fixes().forEach(fix -> text.add("    fix: " + fix));
    if (template.needsNpm()) {
      text.add("    then: (cd " + directory + " && npm install)");
    }
    text.add("    next: gonext plugin dev " + directory);
    return new Answer(
        ExitCode.OK,
        text,
        Answer.fields(
            "plugin",
            plugin,
            "directory",
            directory.toString(),
            "files",
            List.copyOf(files.keySet()),
            "toolchain_ready",
            tool.isReady(),
            "toolchain",
            tool.found(),
            "fixes",
            tool.fixes()));
  }

  private void requireEmpty(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    if (!Files.isDirectory(root)) {
      throw new DevFailure(DevFailure.Kind.USAGE, directory + " is a file: give a new directory");
    }
    try (Stream<Path> entries = Files.list(root)) {
      if (entries.findAny().isPresent()) {
        throw new DevFailure(
            DevFailure.Kind.USAGE, directory + " is not empty: give a new directory");
      }
    }
  }
}
