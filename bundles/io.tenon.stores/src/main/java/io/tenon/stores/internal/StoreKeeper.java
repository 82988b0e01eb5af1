package io.tenon.stores.internal;

import io.tenon.metadata.MetadataStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;

/** Offers the slot from when the first store is there. */
@Component(
    service = {},
    immediate = true,
    configurationPid = "io.tenon.stores")
@Designate(ocd = StoresConfig.class)
public final class StoreKeeper {
  private final BundleContext context;
  private final StoreSlot slot;
  private @Nullable ServiceRegistration<MetadataStore> registration;

  @Activate
  public StoreKeeper(BundleContext context, StoresConfig config) {
    this.context = context;
    this.slot =
        new StoreSlot(
            Duration.ofMillis(config.reopen_deadline_ms()),
            InstantSource.system(),
            task -> Thread.ofVirtual().name("tenon-store-slot").start(task));
  }

  @Reference(
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC,
      target = "(!(tenon.metadata=slot))",
      unbind = "went")
  synchronized void came(MetadataStore store) {
    slot.came(store);
    if (registration == null) {
      registration =
          context.registerService(
              MetadataStore.class,
              slot,
              FrameworkUtil.asDictionary(Map.of("tenon.metadata", "slot")));
    }
  }

  /** The store is still there until this returns. */
  void went(MetadataStore store) {
    slot.leaves(store);
  }

  @Deactivate
  synchronized void close() {
    if (registration != null) registration.unregister();
    slot.close();
  }
}
