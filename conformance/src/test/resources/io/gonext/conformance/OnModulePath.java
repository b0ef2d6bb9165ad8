package check;

import io.gonext.engine.Engine;
import io.gonext.engine.GuestInstance;
import io.gonext.pool.Allocator;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A named module that uses pool and engine as the named modules that they are on the module path.
 */
public class OnModulePath {
  public static void main(String[] args) throws Exception {
    try (Engine engine = new Engine()) {
      var module = engine.compile(Files.readAllBytes(Path.of(args[0])));
      Allocator<GuestInstance> allocator =
          new Allocator<>() {
            @Override
            public GuestInstance create() {
              return module.instantiate();
            }

            @Override
            public void reset(GuestInstance guest) {
              guest.reset();
            }
          };
      try (var pool = new InstancePool<>(PoolConfig.builder("adders").build(), allocator)) {
        pool.start();
        try (Lease<GuestInstance> lease = pool.checkout(Duration.ofSeconds(5))) {
          System.out.println(
              Engine.class.getModule().getName()
                  + " "
                  + InstancePool.class.getModule().getName()
                  + " "
                  + lease.get().call(Duration.ofSeconds(5), "add", 2, 3));
        }
      }
    }
  }
}
