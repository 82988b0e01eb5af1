package io.tenon.metadata.embedded.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.MetadataStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/** Opens the store in {@code <data>/metadata} and offers it, when it is the one that the node is to use. */
@Component(
    service = {},
    configurationPid = "io.tenon.metadata")
@Designate(ocd = EmbeddedConfig.class)
public final class EmbeddedStoreComponent {
  private final @Nullable Opened opened;

  private record Opened(
      FolderLock lock, EmbeddedStore store, ServiceRegistration<MetadataStore> registration) {}

  @Activate
  public EmbeddedStoreComponent(BundleContext context, EmbeddedConfig config)
      throws IOException, TenonException {
    opened = config.store().equals("embedded") ? open(context) : null;
  }

  private static Opened open(BundleContext context) throws IOException, TenonException {
    Path folder = Path.of(context.getProperty("tenon.data"), "metadata");
    Files.createDirectories(folder);
    var lock = FolderLock.take(folder);
    try {
      var store =
          new EmbeddedStore(new DiskFolder(folder), folder.toString(), InstantSource.system());
      var properties = FrameworkUtil.asDictionary(Map.of("tenon.metadata", "embedded"));
      return new Opened(
          lock, store, context.registerService(MetadataStore.class, store, properties));
    } catch (IOException | TenonException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  @Deactivate
  void close() throws IOException {
    if (opened == null) return;
    opened.registration().unregister();
    opened.store().close();
    opened.lock().close();
  }
}
