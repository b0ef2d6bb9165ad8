package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.host.CapabilityRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for what an application offers beyond a host of its own. */
final class TrialOptions {
  @Option(
      names = "--capability",
      paramLabel = "NAME",
      description =
          "A capability that the application offers, beside those of every host. Repeatable.")
  private List<String> capabilities = new ArrayList<>();

  @Option(
      names = "--functions",
      paramLabel = "FILE",
      description = {
        "Functions of the application and their answers:",
        "{\"posts.find\": {\"answer\": {\"title\": \"T\"}}} (default:",
        AuthorFiles.FUNCTIONS + " in the project)."
      })
  private @Nullable Path functions;

  /** The functions of the application. */
  List<AuthorFiles.Stub> functions(Path plugin) {
    if (functions != null) {
      return AuthorFiles.functionsOf(functions);
    }
    return Files.isDirectory(plugin) ? AuthorFiles.functions(plugin) : List.of();
  }

  /** As {@link #capabilities(List)}, with others that tests name. */
  CapabilityRegistry capabilities(List<AuthorFiles.Stub> stubs, Collection<String> others) {
    List<String> all = new ArrayList<>(capabilities);
    all.addAll(others);
    return AuthorFiles.capabilities(stubs, all);
  }

  /** The capabilities of the application and of every host. */
  CapabilityRegistry capabilities(List<AuthorFiles.Stub> stubs) {
    return AuthorFiles.capabilities(stubs, capabilities);
  }
}
