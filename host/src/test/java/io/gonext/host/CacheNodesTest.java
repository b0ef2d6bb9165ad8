package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.internal.store.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Cache invalidations on two hosts of one PostgreSQL database. */
@Tag("slow")
@Timeout(60)
class CacheNodesTest {
  private final String url = TestPostgres.createDatabase();
  private final CacheTest.Received atHere = new CacheTest.Received();
  private final CacheTest.Received atThere = new CacheTest.Received();
  @TempDir private Path one;
  @TempDir private Path two;
  private Host here;
  private Host there;

  @BeforeEach
  void open() throws InterruptedException {
    here = Host.open(config(one, atHere));
    there = Host.open(config(two, atThere));
    for (String plugin : List.of("shop", "blog")) {
      here.plugins().deploy(CacheTest.plugin(plugin), Set.of("cache.invalidate"));
    }
    await()
        .until(() ->
            there.health().pool("shop").isPresent() && there.health().pool("blog").isPresent());
  }

  @AfterEach
  void close() {
    here.close();
    there.close();
  }

  private HostConfig config(Path directory, CacheListener listener) {
    return HostConfig.builder(directory)
        .database(Database.postgreSql(url))
        .cacheListener(listener)
        .build();
  }

  @Test
  void each_node_gets_the_invalidations_of_all_nodes_in_one_order() throws InterruptedException {
    purge(here, "shop", "a");
    purge(there, "blog", "b");
    purge(here, "blog", "c");
    for (CacheTest.Received received : List.of(atHere, atThere)) {
      assertThat(List.of(received.next(), received.next(), received.next()))
          .containsExactly("shopa", "blogb", "blogc");
    }
  }

  @Test
  void a_node_that_was_away_gets_what_it_missed() throws InterruptedException {
    purge(here, "shop", "a");
    atThere.next();
    there.close();
    purge(here, "shop", "b");
    purge(here, "shop", "c");
    there = Host.open(config(two, atThere));
    assertThat(List.of(next(atThere), next(atThere))).containsExactly("shopb", "shopc");
  }

  /** The file with its position may be one behind when it closes. */
  private static String next(CacheTest.Received received) throws InterruptedException {
    String next = received.next();
    return next.equals("shopa") ? received.next() : next;
  }

  @Test
  void a_node_that_was_away_too_long_is_told_to_invalidate_all() throws InterruptedException {
    there.close();
    purge(here, "shop", "a");
    purge(here, "shop", "b");
    TestPostgres.execute(url, "delete from cache_invalidation where id = 1");
    there = Host.open(config(two, atThere));
    assertThat(List.of(atThere.next(), atThere.next())).containsExactly("*", "shopb");
  }

  @Test
  void a_new_node_begins_with_new_invalidations() throws InterruptedException {
    purge(here, "shop", "a");
    atThere.next();
    there.close();
    CacheTest.Received atNew = new CacheTest.Received();
    there = Host.open(config(two.resolve("new"), atNew));
    purge(here, "shop", "b");
    assertThat(atNew.next()).isEqualTo("shopb");
  }

  private static void purge(Host host, String plugin, String tag) throws InterruptedException {
    assertThat(host.applyFilters("purge_" + plugin, List.of(tag)).value().intValue()).isZero();
  }
}
