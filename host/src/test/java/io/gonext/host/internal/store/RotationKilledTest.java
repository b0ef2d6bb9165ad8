package io.gonext.host.internal.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.ChildHosts;
import io.gonext.host.Database;
import io.gonext.host.MasterKey;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.service.secrets.MasterKeys;
import io.gonext.host.internal.service.secrets.Vault;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes are killed (SIGKILL) while they rotate the master key of one store. */
@Tag("slow")
@Timeout(value = 1, unit = TimeUnit.HOURS)
class RotationKilledTest {
  /** More in the profile {@code long}. */
  private static final int KILLS = Integer.getInteger("gonext.test.rotationKills", 3);

  private static final List<String> PLUGINS = List.of("blog", "mail", "shop");

  /** A rotation's writes: each plugin's key and count, the check, the kept inputs, the commit. */
  private static final int MOST_STEPS = 2 * (2 * PLUGINS.size() + 3);

  private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  @TempDir private Path data;
  private final long seed = Long.getLong("gonext.test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void secrets_stay_readable_with_keys_in_files() throws Exception {
    Database database = Database.embedded();
    fill(database, new MasterKeys.InFiles(data));
    for (int kill = 0; kill < KILLS; kill++) {
      killed(kill);
      try (PluginStore store = PluginStore.open(data, database)) {
        Vault vault = Vault.open(store.secrets(), new MasterKeys.InFiles(data));
        assertReadable(kill, vault);
        assertThat(vault.rotate()).isEqualTo(PLUGINS);
        assertReadable(kill, vault);
        assertThat(data.resolve("master.key.next")).doesNotExist();
        assertReadable(kill, Vault.open(store.secrets(), new MasterKeys.InFiles(data)));
      }
    }
  }

  @Test
  void secrets_stay_readable_with_given_keys() throws Exception {
    String url = TestPostgres.createDatabase();
    Database database = Database.postgreSql(url);
    MasterKey current = MasterKey.random();
    fill(database, new MasterKeys.Given(current, Optional.empty()));
    for (int kill = 0; kill < KILLS; kill++) {
      MasterKey next = MasterKey.random();
      killed(kill, url, text(current), text(next));
      try (PluginStore store = PluginStore.open(data, database)) {
        Vault both = Vault.open(store.secrets(), new MasterKeys.Given(current, Optional.of(next)));
        assertReadable(kill, both);
        assertThat(both.rotate()).isEqualTo(PLUGINS);
        assertReadable(
            kill, Vault.open(store.secrets(), new MasterKeys.Given(next, Optional.empty())));
      }
      current = next;
    }
  }

  private void fill(Database database, MasterKeys keys) {
    try (PluginStore store = PluginStore.open(data, database)) {
      Vault vault = Vault.open(store.secrets(), keys);
      for (String plugin : PLUGINS) {
        store.insert(
            plugin, new StoredVersion("1.0.0", "12".repeat(32), Instant.EPOCH), new byte[] {1});
        vault.set(plugin, "API_KEY", ("secret of " + plugin).getBytes(UTF_8));
      }
    }
  }

  private void assertReadable(int kill, Vault vault) {
    for (String plugin : PLUGINS) {
      assertThat(vault.value(plugin, "API_KEY"))
          .as("seed %d, kill %d", seed, kill)
          .hasValueSatisfying(
              value -> assertThat(new String(value, UTF_8)).isEqualTo("secret of " + plugin));
    }
  }

  /** Kills a process before one of its writes and commits, or somewhere in a rotation. */
  private void killed(int kill, String... database) throws IOException, InterruptedException {
    int step = kill % 3 == 2 ? 0 : 1 + random.nextInt(MOST_STEPS);
    List<String> arguments = new ArrayList<>(List.of(data.toString(), String.valueOf(step)));
    arguments.addAll(List.of(database));
    Process child =
        ChildHosts.start(KilledRotation.class.getName(), arguments.toArray(String[]::new));
    StringBuilder said = new StringBuilder();
    try (BufferedReader output = child.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        said.append(line).append('\n');
        if (line.equals("here")) {
          child.toHandle().destroyForcibly();
        } else if (step == 0 && line.equals("rotated") && child.isAlive()) {
          LockSupport.parkNanos(random.nextLong(MOST_NANOS));
          child.toHandle().destroyForcibly();
        }
      }
    } finally {
      child.toHandle().destroyForcibly();
    }
    assertThat(child.waitFor()).as("seed %d, kill %d: %s", seed, kill, said).isEqualTo(128 + 9);
  }

  private static String text(MasterKey key) {
    return Base64.getEncoder().encodeToString(key.secretKey().getEncoded());
  }
}
