package io.gonext.cli;

import io.gonext.cli.admin.ActivateCommand;
import io.gonext.cli.admin.ApplyCommand;
import io.gonext.cli.admin.ApproveCommand;
import io.gonext.cli.admin.AuditCommand;
import io.gonext.cli.admin.CallsCommand;
import io.gonext.cli.admin.ConfigCommand;
import io.gonext.cli.admin.DeactivateCommand;
import io.gonext.cli.admin.FunctionsCommand;
import io.gonext.cli.admin.GrantsCommand;
import io.gonext.cli.admin.HealthCommand;
import io.gonext.cli.admin.InstallCommand;
import io.gonext.cli.admin.InvalidationsCommand;
import io.gonext.cli.admin.JobsCommand;
import io.gonext.cli.admin.ListCommand;
import io.gonext.cli.admin.LockCommand;
import io.gonext.cli.admin.LogLevelCommand;
import io.gonext.cli.admin.LogsCommand;
import io.gonext.cli.admin.MemCommand;
import io.gonext.cli.admin.OutdatedCommand;
import io.gonext.cli.admin.ProfileCommand;
import io.gonext.cli.admin.RecordCommand;
import io.gonext.cli.admin.RejectCommand;
import io.gonext.cli.admin.ResetCommand;
import io.gonext.cli.admin.RollbackCommand;
import io.gonext.cli.admin.SecretCommand;
import io.gonext.cli.admin.ShowCommand;
import io.gonext.cli.admin.SupportBundleCommand;
import io.gonext.cli.admin.TopCommand;
import io.gonext.cli.admin.UninstallCommand;
import io.gonext.cli.admin.UpdateCommand;
import io.gonext.cli.admin.VersionsCommand;
import io.gonext.cli.index.IndexCommand;
import io.gonext.cli.index.InfoCommand;
import io.gonext.cli.index.SearchCommand;
import io.gonext.cli.kit.DoctorCommand;
import io.gonext.cli.kit.ReplayCommand;
import io.gonext.host.Host;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gonext} itself. */
@Command(
    name = "gonext",
    description = "A WebAssembly plugin host for the JVM.",
    mixinStandardHelpOptions = true,
    versionProvider = GoNextCommand.Version.class,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext demo                         run the example plugin, which is in Rust",
      "  gonext serve --plugin my.gnplugin   serve a plugin on http://127.0.0.1:8080",
      "  gonext list                         list the plugins of a running host",
      "  gonext plugin dev my-plugin         build a plugin, and rebuild on every save",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no toolchain or a version",
      "waits for approval, 4 no host answers."
    })
final class GoNextCommand implements Runnable {
  /** The commands below it, in the order of its help. */
  static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          TrainCommand.class,
          ServeCommand.class,
          ListCommand.class,
          ShowCommand.class,
          InstallCommand.class,
          ActivateCommand.class,
          DeactivateCommand.class,
          UpdateCommand.class,
          ApproveCommand.class,
          RejectCommand.class,
          ApplyCommand.class,
          LockCommand.class,
          OutdatedCommand.class,
          SearchCommand.class,
          InfoCommand.class,
          IndexCommand.class,
          HealthCommand.class,
          LogsCommand.class,
          RecordCommand.class,
          ReplayCommand.class,
          ProfileCommand.class,
          MemCommand.class,
          LogLevelCommand.class,
          VersionsCommand.class,
          RollbackCommand.class,
          ResetCommand.class,
          UninstallCommand.class,
          GrantsCommand.class,
          ConfigCommand.class,
          SecretCommand.class,
          JobsCommand.class,
          TopCommand.class,
          CallsCommand.class,
          AuditCommand.class,
          FunctionsCommand.class,
          InvalidationsCommand.class,
          SupportBundleCommand.class,
          PluginCommand.class,
          DoctorCommand.class);

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command given");
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "gonext " + Host.version() + " (Java " + Runtime.version() + ")",
      };
    }
  }
}
