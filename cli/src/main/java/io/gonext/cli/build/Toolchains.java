package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Detects the language of a project, and finds the tool that builds it on this machine. */
public final class Toolchains {
  /** A rule for plugin.wasm in any directory. */
  private static final Pattern MAKE_RULE =
      Pattern.compile("^[^#=:]*\\bplugin\\.wasm(?=[\\s:])[^=:]*:(?!=)", Pattern.MULTILINE);

  static final List<String> MAKEFILES = List.of("GNUmakefile", "makefile", "Makefile");

  /**
   * The value of clang's CCC_OVERRIDE_OPTIONS, which changes the options from a Makefile: adds line
   * tables and removes options that strip the module. {@code #} keeps clang quiet about it.
   */
  private static final String CLANG_WITH_LINES =
      "# ^-gline-tables-only x-Wl,--strip-all x-Wl,-s x-s x-Wl,--strip-debug x-Wl,-S"
          + " s/,--strip-all,/,/ s/,--strip-debug,/,/";

  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)(\\.\\d+)?");

  private final Executables executables;
  private final CommandRunner runner;

  public Toolchains(Executables executables, CommandRunner runner) {
    this.executables = executables;
    this.runner = runner;
  }

  /**
   * Detects the language of a project.
   *
   * @param asked the language that the user gave, or null to detect it
   * @throws CommandFailure when there is no project, or it may have several languages
   */
  public Language detect(Path project, @Nullable Language asked) {
    if (!Files.exists(project)) {
      throw usage(project + " does not exist", "give the directory of a plugin's project");
    }
    if (!Files.isDirectory(project)) {
      throw usage(
          project + " is a file, not a directory", "give the directory of a plugin's project");
    }
    if (asked != null) {
      requireMarker(project, asked);
      return asked;
    }
    List<Language> found = candidates(project);
    if (found.isEmpty()) {
      throw usage(
          "there is no plugin project in " + project,
          "a project has one of these files: go.mod (Go, TinyGo), Cargo.toml (Rust), package.json"
              + " with assemblyscript (AssemblyScript), Makefile with a target build/plugin.wasm"
              + " (C)");
    }
    if (found.size() > 1) {
      throw usage(
          project
              + " could be "
              + String.join(" or ", found.stream().map(l -> l + " (" + l.marker() + ")").toList()),
          "choose one: --lang "
              + String.join(" or --lang ", found.stream().map(Language::label).toList()));
    }
    return found.getFirst();
  }

  /** All languages that the files of a directory allow. */
  List<Language> candidates(Path project) {
    List<Language> found = new ArrayList<>();
    if (isFile(project, "go.mod")) {
      found.add(executables.find("tinygo").isPresent() ? Language.TINYGO : Language.GO);
    }
    if (isFile(project, "Cargo.toml")) {
      found.add(Language.RUST);
    }
    if (isFile(project, "package.json") && usesAssemblyScript(project)) {
      found.add(Language.ASSEMBLYSCRIPT);
    }
    if (makefile(project).isPresent()) {
      found.add(Language.C);
    }
    return found;
  }

  /**
   * Finds the toolchain of a project.
   *
   * @throws CommandFailure of kind TOOLCHAIN when it is missing, with the command that installs it
   */
  public Toolchain find(Path project, Language language) throws InterruptedException {
    return switch (language) {
      case RUST -> new RustToolchain(executables, this).find(project);
      case GO -> go(project);
      case TINYGO -> tinyGo(project);
      case ASSEMBLYSCRIPT -> assemblyScript(project);
      case C -> make(project);
    };
  }

  private Toolchain go(Path project) throws InterruptedException {
    Path go = executables.find("go").orElseThrow(() -> missing("go", Language.GO));
    ToolCommand asked = ToolCommand.of(project, executables.argument(go), "version");
    String said = ask(asked);
    if (said.isEmpty()) {
      // When go.mod requires a newer Go, go downloads it; that fails without a network.
      said = ask(asked.with("GOTOOLCHAIN", "local"));
    }
    Matcher version = VERSION.matcher(said);
    if (!version.find()) {
      throw new CommandFailure(
          CommandFailure.Kind.TOOLCHAIN, "'go version' printed no version: " + said.strip());
    }
    int major = Integer.parseInt(version.group(1));
    int minor = Integer.parseInt(version.group(2));
    if (major == 1 && minor < 24) {
      throw new CommandFailure(
          CommandFailure.Kind.TOOLCHAIN,
          "plugins need Go 1.24 or later, and this is " + version.group(),
          "install a newer Go: https://go.dev/dl/",
          "or build with TinyGo: --lang tinygo");
    }
    ToolCommand build =
        ToolCommand.of(
                project,
                executables.argument(go),
                "build",
                "-buildmode=c-shared",
                // Keeps paths of this machine and the state of the repository out of the module.
                "-trimpath",
                "-buildvcs=false",
                "-o",
                "build/plugin.wasm",
                ".")
            .with("GOOS", "wasip1")
            .with("GOARCH", "wasm");
    return new Toolchain(
        Language.GO, "go " + major + "." + minor, build, Toolchains::output, Set.of("go.sum"));
  }

  private Toolchain tinyGo(Path project) throws InterruptedException {
    Path tinygo = executables.find("tinygo").orElseThrow(() -> missing("tinygo", Language.TINYGO));
    ToolCommand build =
        ToolCommand.of(
            project,
            executables.argument(tinygo),
            "build",
            // Without this, main() ends when the module starts, and every later call traps.
            "-buildmode=c-shared",
            "-o",
            "build/plugin.wasm",
            "-target=wasi",
            ".");
    return new Toolchain(
        Language.TINYGO,
        version("tinygo", ToolCommand.of(project, executables.argument(tinygo), "version")),
        build,
        Toolchains::output,
        Set.of("go.sum"));
  }

  private Toolchain assemblyScript(Path project) {
    Path npx = executables.find("npx").orElseThrow(() -> missing("npx", Language.ASSEMBLYSCRIPT));
    Path installed = assemblyScriptPackage(project);
    List<String> argv = new ArrayList<>();
    argv.add(executables.argument(npx));
    // npx must not download it: asc is another package in the registry.
    argv.add("--no-install");
    argv.add("asc");
    boolean namesItsEntries = false;
    if (isFile(project, "asconfig.json")) {
      argv.add("--config");
      argv.add("asconfig.json");
      JsonNode config = json(project.resolve("asconfig.json"));
      namesItsEntries = config != null && config.path("entries").size() > 0;
    }
    if (!namesItsEntries) {
      argv.add("assembly/index.ts");
    }
    // Keeps the names of functions, which backtraces show.
    argv.add("--debug");
    // Project puts the lines into the module.
    argv.add("--sourceMap");
    argv.add("--outFile");
    argv.add("build/plugin.wasm");
    JsonNode about = json(installed);
    Matcher version = VERSION.matcher(about == null ? "" : about.path("version").asString(""));
    return new Toolchain(
        Language.ASSEMBLYSCRIPT,
        version.find() ? "asc " + version.group() : "asc",
        new ToolCommand(argv, project, java.util.Map.of()),
        Toolchains::output,
        Set.of("package-lock.json"));
  }

  /** The package.json of the compiler: in this project or in a directory above it. */
  private static Path assemblyScriptPackage(Path project) {
    for (Path directory = project.toAbsolutePath();
        directory != null;
        directory = directory.getParent()) {
      Path about = directory.resolve("node_modules/assemblyscript/package.json");
      if (Files.isRegularFile(about)) {
        return about;
      }
    }
    throw new CommandFailure(
        CommandFailure.Kind.TOOLCHAIN,
        "AssemblyScript is not installed in " + project,
        "install it: (cd " + project + " && npm install)");
  }

  private Toolchain make(Path project) throws InterruptedException {
    Path make = executables.find("make").orElseThrow(() -> missing("make", Language.C));
    // Without a rule for the file, make accepts an old one: ask for the file that has a rule.
    Path output = isMadeInPlace(project) ? SkipRules.MODULE_IN_PLACE : Toolchain.OUTPUT;
    return new Toolchain(
        Language.C,
        version("make", ToolCommand.of(project, executables.argument(make), "--version")),
        ToolCommand.of(project, executables.argument(make), SkipRules.slashed(output))
            .with("CCC_OVERRIDE_OPTIONS", CLANG_WITH_LINES + withoutPaths(project)),
        root -> output(root, output),
        Set.of());
  }

  /**
   * Keeps the path of the project out of debug information and of {@code __FILE__}. The variable
   * separates options by spaces.
   */
  private static String withoutPaths(Path project) {
    String root = project.toAbsolutePath().normalize().toString();
    return root.contains(" ") ? "" : " ^-ffile-prefix-map=" + root + "=.";
  }

  /** Whether all rules for the module write it beside the Makefile. */
  private static boolean isMadeInPlace(Path project) {
    String inPlace = SkipRules.MODULE_IN_PLACE.toString();
    List<String> targets =
        makefile(project).stream()
            .flatMap(file -> MAKE_RULE.matcher(text(file)).results())
            .flatMap(rule -> Arrays.stream(rule.group().replace(":", "").strip().split("\\s+")))
            .filter(target -> target.endsWith(inPlace))
            .toList();
    return !targets.isEmpty() && targets.stream().allMatch(inPlace::equals);
  }

  private String version(String tool, ToolCommand command) throws InterruptedException {
    Matcher version = VERSION.matcher(ask(command));
    return version.find() ? tool + " " + version.group(1) + "." + version.group(2) : tool;
  }

  /**
   * The output of a program, or an empty text when it fails.
   *
   * @throws CommandFailure when it cannot be started
   */
  String ask(ToolCommand command) throws InterruptedException {
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    try {
      int exitCode = runner.run(command, said::add);
      return exitCode == 0 ? String.join("\n", List.copyOf(said)) : "";
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.TOOLCHAIN,
          command.program() + " cannot be started: " + CommandFailure.reason(e));
    }
  }

  private static void requireMarker(Path project, Language asked) {
    boolean there =
        asked == Language.C
            ? MAKEFILES.stream().anyMatch(name -> isFile(project, name))
            : isFile(project, asked.marker());
    if (!there) {
      throw usage(
          "--lang " + asked + ": there is no " + asked.marker() + " in " + project,
          "leave out --lang to detect the language");
    }
  }

  /** The Makefile, if it has a rule for the module. */
  private static Optional<Path> makefile(Path project) {
    for (String name : MAKEFILES) {
      Path file = project.resolve(name);
      if (Files.isRegularFile(file)) {
        return MAKE_RULE.matcher(text(file)).find() ? Optional.of(file) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static boolean usesAssemblyScript(Path project) {
    JsonNode about = json(project.resolve("package.json"));
    if (about == null) {
      return false;
    }
    for (String kind : List.of("dependencies", "devDependencies", "peerDependencies")) {
      if (about.path(kind).has("assemblyscript")) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable JsonNode json(Path file) {
    try {
      return StrictJson.parse(Files.readAllBytes(file));
    } catch (IOException | InvalidJsonException e) {
      return null;
    }
  }

  static String text(Path file) {
    try {
      // ISO 8859-1 accepts any byte, and the search is for ASCII.
      return Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, file + " cannot be read: " + CommandFailure.reason(e));
    }
  }

  private static Path output(Path project) {
    return output(project, Toolchain.OUTPUT);
  }

  private static Path output(Path project, Path output) {
    Path file = project.resolve(output);
    if (!Files.isRegularFile(file)) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, "the build succeeded but wrote no " + output);
    }
    return file;
  }

  private static boolean isFile(Path project, String name) {
    return Files.isRegularFile(project.resolve(name));
  }

  private static CommandFailure usage(String message, String hint) {
    return new CommandFailure(CommandFailure.Kind.USAGE, message, hint);
  }

  static CommandFailure missing(String program, Language language) {
    return new CommandFailure(
        CommandFailure.Kind.TOOLCHAIN,
        program + " is not on PATH; it is needed to build " + language,
        switch (language) {
          case RUST ->
              List.of(
                  "install it: curl https://sh.rustup.rs -sSf | sh -s -- -t wasm32-wasip1",
                  "on Debian: apt-get install " + RustToolchain.DEBIAN_PACKAGES);
          case GO -> List.of("install Go 1.24 or later: https://go.dev/dl/");
          case TINYGO ->
              List.of(
                  "install it: https://tinygo.org/getting-started/install/",
                  "or build with Go: --lang go");
          case ASSEMBLYSCRIPT -> List.of("install Node.js: apt-get install nodejs npm");
          case C ->
              List.of(
                  "install it: apt-get install make clang lld wasi-libc libclang-rt-dev-wasm32");
        });
  }
}
