package io.gonext.host;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A process that makes each change of {@link BusyHost} once, for {@link ChildHosts}. Arguments: a
 * directory, and the URL of a PostgreSQL database where there is one.
 */
final class TrainingHost {
  private TrainingHost() {}

  public static void main(String[] args) throws InterruptedException {
    Path directory = Path.of(args[0]);
    run(directory.resolve("embedded"), Database.embedded());
    if (args.length > 1) {
      run(directory.resolve("postgresql"), Database.postgreSql(args[1]));
    }
  }

  private static void run(Path data, Database database) throws InterruptedException {
    HostConfig config =
        HostConfig.builder(data)
            .database(database)
            .updates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO))
            .build();
    try (Host host = Host.open(config)) {
      for (BusyHost.Change change : BusyHost.CHANGES) {
        change.making().make(host);
      }
    }
  }
}
