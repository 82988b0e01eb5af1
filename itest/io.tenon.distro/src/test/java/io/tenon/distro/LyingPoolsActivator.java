package io.tenon.distro;

import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevice;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceOwner;
import io.tenon.nvme.NvmeTarget;
import io.tenon.pool.Pools;
import io.tenon.reactor.Reactors;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Of a bad bundle of pools: its replicas are those that they should be, but one of them lies, as {@link LyingActivator} does. */
public final class LyingPoolsActivator implements BundleActivator {
  /** Header of the bundle: name of the replica. */
  static final String ABOUT = "X-About";

  private @Nullable Object pools;

  @Override
  public void start(BundleContext context) throws Exception {
    var config = Class.forName("io.tenon.pool.internal.PoolConfig");
    pools =
        Class.forName("io.tenon.pool.internal.PoolService")
            .getConstructor(
                config,
                BundleContext.class,
                BlockDevices.class,
                NvmeTarget.class,
                Blobstores.class,
                Reactors.class)
            .newInstance(
                proxy(
                    config,
                    (_, method, _) ->
                        method.getName().equals("data_dir")
                            ? context.getProperty("tenon.data")
                            : method.getDefaultValue()),
                context,
                proxy(BlockDevices.class, lying(context, service(context, BlockDevices.class))),
                service(context, NvmeTarget.class),
                service(context, Blobstores.class),
                service(context, Reactors.class));
    context.registerService(
        new String[] {Pools.class.getName(), DeviceOwner.class.getName()}, pools, null);
  }

  private static <T> T service(BundleContext context, Class<T> type) {
    return context.getService(context.getServiceReference(type));
  }

  private static Object proxy(Class<?> type, InvocationHandler handler) {
    return Proxy.newProxyInstance(
        LyingPoolsActivator.class.getClassLoader(), new Class<?>[] {type}, handler);
  }

  private static InvocationHandler lying(BundleContext context, BlockDevices honest) {
    var about = context.getBundle().getHeaders("").get(ABOUT);
    var way = LyingActivator.way(context);
    return (_, method, given) -> {
      if (method.getName().equals("adopt")
          && given[0] instanceof BlockDevice device
          && device.name().equals(about)) {
        given[0] = new LyingActivator.Disk(device, way);
      }
      try {
        return method.invoke(honest, given);
      } catch (InvocationTargetException e) {
        throw e.getTargetException();
      }
    };
  }

  @Override
  public void stop(BundleContext context) throws Exception {
    var going = pools;
    if (going == null) return;
    var deactivate = going.getClass().getDeclaredMethod("deactivate", BundleContext.class);
    deactivate.setAccessible(true);
    deactivate.invoke(going, context);
  }
}
