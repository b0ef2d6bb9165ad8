package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.manifest.Manifest.Isolation;
import io.gonext.pool.Allocator;

/** Creates the instances of one plugin's pool. */
record GuestAllocator(CompiledModule module, InstanceConfig config, Isolation isolation)
    implements Allocator<GuestInstance> {
  @Override
  public GuestInstance create() {
    return module.instantiate(config);
  }

  @Override
  public void reset(GuestInstance instance) {
    if (isolation == Isolation.FRESH) {
      instance.reset();
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
