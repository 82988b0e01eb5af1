package io.tenon.metadata.etcd.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.MetadataStore;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;

/** Offers the store when it is configured and the one that the node is to use. Nothing of etcd or gRPC is loaded before. */
@Component(
    service = {},
    configurationPid = {"io.tenon.metadata.etcd", "io.tenon.metadata"},
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class EtcdStoreComponent {
  private final @Nullable EtcdStore store;
  private final @Nullable ServiceRegistration<MetadataStore> registration;

  @Activate
  public EtcdStoreComponent(BundleContext context, EtcdConfig config) throws TenonException {
    if (!config.store().equals("etcd")) {
      store = null;
      registration = null;
      return;
    }
    store = new EtcdStore(Settings.of(config), InstantSource.system());
    registration =
        context.registerService(
            MetadataStore.class,
            store,
            FrameworkUtil.asDictionary(Map.of("tenon.metadata", "etcd")));
  }

  @Deactivate
  void close() {
    if (registration != null) registration.unregister();
    if (store != null) store.close();
  }
}
