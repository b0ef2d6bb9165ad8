package io.gonext.maven;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.inject.Inject;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.toolchain.Toolchain;
import org.apache.maven.toolchain.ToolchainManager;
import org.jspecify.annotations.Nullable;

/**
 * Compiles WebAssembly modules to classes in the application's jar, which an engine of the same
 * version takes in place of compiling them: see {@code Engine.withPrecompiled}.
 *
 * <p>The engine runs in a JVM of its own, on the JDK of the build's toolchain or else on Maven's.
 * It has to be the Java that the application runs on, 25 or newer.
 */
@Mojo(name = "compile", defaultPhase = LifecyclePhase.PROCESS_CLASSES, threadSafe = true)
public final class CompileMojo extends AbstractMojo {
  private static final String MODULE = ".wasm";
  private static final String COMMAND = "io.gonext.engine.Precompiled";

  /** The modules; by default each {@code .wasm} file among the processed resources. */
  @Parameter private @Nullable List<File> modules;

  /** Whether their instances count fuel, as those of {@code Metering.FUEL}. */
  @Parameter(property = "gonext.fuel", defaultValue = "false")
  private boolean fuel;

  /** Whether to compile nothing. */
  @Parameter(property = "gonext.skip", defaultValue = "false")
  private boolean skip;

  @Parameter(defaultValue = "${project.build.outputDirectory}", readonly = true, required = true)
  private @Nullable File classes;

  @Parameter(defaultValue = "${plugin.artifacts}", readonly = true, required = true)
  private @Nullable List<Artifact> pluginArtifacts;

  @Parameter(defaultValue = "${session}", readonly = true, required = true)
  private @Nullable MavenSession session;

  @Inject private @Nullable ToolchainManager toolchains;

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    if (skip) {
      getLog().info("gonext.skip is set: no module is compiled");
      return;
    }
    List<Path> classPath =
        required(pluginArtifacts).stream().map(each -> each.getFile().toPath()).toList();
    compile(required(classes).toPath(), java(), classPath);
  }

  /** What {@link #execute} does, without Maven. */
  void compile(Path output, String java, List<Path> classPath)
      throws MojoExecutionException, MojoFailureException {
    try {
      removeOld(output.resolve("META-INF/gonext"));
      List<Path> wanted = wanted(output);
      if (wanted.isEmpty()) {
        getLog().warn("there is no " + MODULE + " file in " + output);
        return;
      }
      List<String> command = new ArrayList<>();
      command.add(java);
      command.add("-Dslf4j.internal.verbosity=ERROR");
      command.add("-cp");
      command.add(
          classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
      command.add(COMMAND);
      if (fuel) {
        command.add("--fuel");
      }
      command.add(output.toString());
      wanted.forEach(module -> command.add(module.toString()));
      run(command);
      getLog().info("compiled " + wanted.size() + (wanted.size() == 1 ? " module" : " modules"));
    } catch (IOException e) {
      throw new MojoExecutionException("the modules cannot be compiled: " + e, e);
    }
  }

  private List<Path> wanted(Path output) throws IOException {
    if (modules != null) {
      return modules.stream().map(File::toPath).toList();
    }
    if (!Files.isDirectory(output)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(output)) {
      return files.filter(file -> file.toString().endsWith(MODULE)).sorted().toList();
    }
  }

  /** Those of modules that have changed, or are gone. */
  private static void removeOld(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".classes")).toList()) {
        Files.delete(file);
      }
    }
  }

  private void run(List<String> command)
      throws IOException, MojoFailureException, MojoExecutionException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new MojoFailureException(
            output.contains("UnsupportedClassVersionError")
                ? command.get(0)
                    + " is older than Java 25: run Maven on the Java of the application, or select"
                    + " it with maven-toolchains-plugin"
                : output);
      }
      if (!output.isEmpty()) {
        getLog().info(output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MojoExecutionException("interrupted while modules were compiled", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private String java() {
    Toolchain jdk = required(toolchains).getToolchainFromBuildContext("jdk", required(session));
    String tool = jdk == null ? null : jdk.findTool("java");
    return tool == null ? Path.of(System.getProperty("java.home"), "bin", "java").toString() : tool;
  }

  /** What Maven sets before {@link #execute}. */
  private static <T> T required(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("Maven did not configure the goal");
    }
    return value;
  }

  /** For tests. */
  void configure(@Nullable List<File> files, boolean countsFuel) {
    modules = files;
    fuel = countsFuel;
  }
}
