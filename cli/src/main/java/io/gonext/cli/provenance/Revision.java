package io.gonext.cli.provenance;

import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.ToolCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commit of a Git repository that a project is in.
 *
 * @param url of the remote {@code origin}, with the prefix {@code git+}; empty if there is none
 *     that others can reach
 * @param commit 40 or 64 hexadecimal digits
 * @param directory of the project in the repository; empty for its root
 * @param isModified whether files differ from the commit, or are not part of it, other than what a
 *     build or {@code plugin pack} writes
 */
record Revision(Optional<String> url, String commit, String directory, boolean isModified) {
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

  /** A line of {@code git status --porcelain}. */
  private static final Pattern CHANGE = Pattern.compile("[ MADRCTU?!]{2} (.+)");

  /** Asks git; empty without git, a repository or a commit. */
  static Optional<Revision> of(Path project, Path git, Lines tools) throws InterruptedException {
    Asker asker = new Asker(project, git.toString(), tools);
    Optional<String> commit = asker.first("rev-parse", "--verify", "HEAD").filter(Revision::isHash);
    Optional<String> top = asker.first("rev-parse", "--show-toplevel");
    if (commit.isEmpty() || top.isEmpty()) {
      return Optional.empty();
    }
    Path root = Path.of(top.get());
    if (!Files.isDirectory(root)) {
      return Optional.empty();
    }
    return Optional.of(
        new Revision(
            asker.first("config", "--get", "remote.origin.url").flatMap(PublicUrl::ofGit),
            commit.get(),
            SkipRules.slashed(root.relativize(real(project))),
            isModified(real(project), root, asker)));
  }

  private static boolean isHash(String text) {
    return COMMIT.matcher(text).matches();
  }

  private static boolean isModified(Path project, Path root, Asker asker)
      throws InterruptedException {
    SkipRules rules = new SkipRules(project);
    for (String line : asker.all("status", "--porcelain", "--untracked-files=all")) {
      Matcher change = CHANGE.matcher(line);
      if (!change.matches()) {
        continue;
      }
      Path file = root.resolve(change.group(1));
      if (!file.startsWith(project) || !rules.skips(project.relativize(file), false)) {
        return true;
      }
    }
    return false;
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path.toAbsolutePath().normalize();
    }
  }

  private record Asker(Path project, String git, Lines tools) {
    List<String> all(String... arguments) throws InterruptedException {
      // Without file monitors of the repository, and without locks that disturb other commands.
      String[] argv = new String[arguments.length + 3];
      argv[0] = git;
      argv[1] = "-c";
      argv[2] = "core.fsmonitor=false";
      System.arraycopy(arguments, 0, argv, 3, arguments.length);
      return tools.of(ToolCommand.of(project, argv).with("GIT_OPTIONAL_LOCKS", "0"));
    }

    Optional<String> first(String... arguments) throws InterruptedException {
      return all(arguments).stream().findFirst();
    }
  }
}
