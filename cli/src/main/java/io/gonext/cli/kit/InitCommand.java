package io.gonext.cli.kit;

import io.gonext.cli.build.NodePackages;
import io.gonext.cli.build.ProjectBuild;
import io.gonext.cli.build.ToolSurvey;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.TemporaryDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin init}: creates a project that is ready to build. */
@Command(
    name = "init",
    description = "Create a project that is ready to build, with the SDK in it.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin init hello --lang rust",
      "  gonext plugin init work/a --lang go --name my-plugin",
      "",
      "This command contains the SDKs and downloads nothing, with one exception: npm ci",
      "downloads the AssemblyScript compiler, unless npm has it in its cache.",
      KitCommand.EXIT_CODES
    })
final class InitCommand extends KitCommand {
  /** The name of a plugin, as in the manifest. */
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{2,40}");

  @Parameters(
      paramLabel = "DIR",
      description = "The directory to create; it may exist if it is empty.")
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
      description = "The name of the plugin (default: the name of the directory).")
  private @Nullable String name;

  @Override
  Answer answer() throws IOException, InterruptedException {
    Template template = Template.of(language);
    Path root = directory.toAbsolutePath().normalize();
    String plugin = name == null ? nameOf(root, template) : checked(name, template);
    requireEmpty(root);
    Map<String, byte[]> files = template.project(plugin);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path target = root.resolve(file.getKey());
      Files.createDirectories(Objects.requireNonNull(target.getParent()));
      Files.write(target, file.getValue());
    }
    ToolSurvey.Finding tool = tool(template, root);
    long own = files.keySet().stream().filter(file -> !file.startsWith("sdk/")).count();
    List<String> text = new ArrayList<>();
    text.add("ok  " + directory + "/ created (" + own + " files and the SDK)");
    if (!directory.endsWith(plugin)) {
      text.add("    name of the plugin: " + plugin);
    }
    text.add("    " + tool.found());
    tool.fixes().forEach(fix -> text.add("    " + fix.replaceFirst("^(add|install) it:", "fix:")));
    text.add("    next: gonext plugin dev " + word(directory.toString()));
    return new Answer(
        ExitCode.OK,
        text,
        JsonLines.fields(
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

  /** Quotes a path for a shell where that is needed. */
  private static String word(String path) {
    return path.matches("[\\p{L}\\p{N}_./:@%+=,\\\\-]+")
        ? path
        : "'" + path.replace("'", "'\\''") + "'";
  }

  /** Checks a name that the user gave. */
  private static String checked(String name, Template template) {
    if (!NAME.matcher(name).matches()) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          name
              + " cannot be the name of a plugin: a name has 3 to 41 lower-case letters, digits and"
              + " hyphens, and begins with a letter",
          "choose a name: --name my-plugin");
    }
    if (template.taken().contains(name)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          name
              + " cannot be the name of a plugin in "
              + template.language()
              + ", where it has another meaning",
          "choose another name: --name " + name + "-plugin");
    }
    return name;
  }

  /** Makes a valid name from the name of the directory. */
  private static String nameOf(Path root, Template template) {
    String name =
        Objects.requireNonNullElse(root.getFileName(), root)
            .toString()
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^[^a-z]+|-$", "");
    if (name.length() < 3 || template.taken().contains(name)) {
      name = name.isEmpty() ? "my-plugin" : name + "-plugin";
    }
    return name.length() > 41 ? name.substring(0, 41) : name;
  }

  /** Finds the toolchain; installs the compiler of an AssemblyScript project. */
  private ToolSurvey.Finding tool(Template template, Path root)
      throws IOException, InterruptedException {
    ToolSurvey.Finding tool;
    try (TemporaryDirectory scratch = TemporaryDirectory.create()) {
      tool = ToolSurvey.take(template.language(), scratch.path(), System.getenv()).getFirst();
    }
    if (!template.needsNpm() || !tool.isReady()) {
      return tool;
    }
    try {
      note("npm ci: installing the AssemblyScript compiler");
      NodePackages.install(root, line -> {});
      return new ToolSurvey.Finding(
          tool.language(), true, ProjectBuild.of(root, template.language()).tool(), List.of());
    } catch (CommandFailure e) {
      List<String> fixes = new ArrayList<>(e.details());
      fixes.addFirst("fix: (cd " + directory + " && npm ci)");
      return new ToolSurvey.Finding(tool.language(), false, e.getMessage(), fixes);
    }
  }

  private void requireEmpty(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    if (!Files.isDirectory(root)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, directory + " is a file: give an empty or new directory");
    }
    try (Stream<Path> entries = Files.list(root)) {
      if (entries.findAny().isPresent()) {
        throw new CommandFailure(
            CommandFailure.Kind.USAGE, directory + " is not empty: give an empty or new directory");
      }
    }
  }
}
