package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.ResetDifferenceException;
import io.gonext.host.manifest.Manifest.Isolation;
import io.gonext.pool.Allocator;
import io.micrometer.core.instrument.Counter;

/**
 * Creates the instances of one plugin's pool.
 *
 * @param resetDifferences counts the resets that were verified and found incomplete
 */
record GuestAllocator(
    CompiledModule module, InstanceConfig config, Isolation isolation, Counter resetDifferences)
    implements Allocator<GuestInstance> {
  @Override
  public GuestInstance create() {
    return module.instantiate(config);
  }

  @Override
  public void reset(GuestInstance instance) {
    if (isolation == Isolation.FRESH) {
      try {
        instance.reset();
      } catch (ResetDifferenceException e) {
        resetDifferences.increment();
        throw e;
      }
    }
  }

  @Override
  public void close(GuestInstance instance) {
    instance.close();
  }

  @Override
  public long weightBytes(GuestInstance instance) {
    return instance.weightBytes();
  }
}
