package io.tenon.distro;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import java.util.Map;
import java.util.UUID;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;

/** Of a bad bundle: its disks are those that they should be, but answer reads with rubbish, or never, or cannot write. */
public final class LyingActivator implements BundleActivator {
  /** Header of the bundle: also reads end never. */
  static final String SILENT = "X-Silent";

  /** Header of the bundle: reads are right, everything else fails. */
  static final String READ_ONLY = "X-Read-Only";

  enum Way {
    RUBBISH,
    SILENT,
    READ_ONLY
  }

  @Override
  public void start(BundleContext context) throws Exception {
    Way way = way(context);
    var reactors = context.getService(context.getServiceReference(Reactors.class));
    var honest =
        Class.forName("io.tenon.backend.aio.internal.AioProvider")
            .asSubclass(DeviceProvider.class)
            .getConstructor(Reactors.class)
            .newInstance(reactors);
    var properties =
        FrameworkUtil.asDictionary(
            Map.of(DeviceProvider.SCHEME, "aio", Constants.SERVICE_RANKING, 1));
    context.registerService(DeviceProvider.class, new Provider(honest, way), properties);
  }

  static Way way(BundleContext context) {
    var headers = context.getBundle().getHeaders("");
    if (headers.get(READ_ONLY) != null) return Way.READ_ONLY;
    return headers.get(SILENT) != null ? Way.SILENT : Way.RUBBISH;
  }

  @Override
  public void stop(BundleContext context) {
    // The framework takes the service away.
  }

  private record Provider(DeviceProvider honest, Way way) implements DeviceProvider {
    @Override
    public String deviceName(DeviceUri uri) throws DeviceException {
      return honest.deviceName(uri);
    }

    @Override
    public BlockDevice open(DeviceUri uri) throws DeviceException {
      return new Disk(honest.open(uri), way);
    }
  }

  record Disk(BlockDevice honest, Way way) implements BlockDevice {
    @Override
    public String name() {
      return honest.name();
    }

    @Override
    public UUID uuid() {
      return honest.uuid();
    }

    @Override
    public Geometry geometry() {
      return honest.geometry();
    }

    @Override
    public String productName() {
      return "Liar";
    }

    @Override
    public boolean supports(IoOperation operation) {
      return honest.supports(operation);
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return way == Way.READ_ONLY
          ? new ReadOnly(honest.channel(reactor))
          : new Channel(way == Way.SILENT);
    }

    @Override
    public void listener(DeviceListener listener) {
      honest.listener(listener);
    }

    @Override
    public void close() {
      honest.close();
    }
  }

  private static final class ReadOnly extends IoChannel {
    private final IoChannel honest;

    ReadOnly(IoChannel honest) {
      this.honest = honest;
    }

    @Override
    protected void take(IoRequest request) {
      if (request.operation() == IoOperation.READ) honest.submit(new Read(request));
      else request.complete(IoStatus.IO_ERROR);
    }

    @Override
    public void close() {
      honest.close();
    }
  }

  private static final class Read extends IoRequest {
    private final IoRequest asked;

    Read(IoRequest asked) {
      this.asked = asked;
      prepareRead(asked.lba(), asked.blocks(), asked.address(), asked.lengthBytes());
    }

    @Override
    protected void completed(IoStatus status) {
      asked.complete(status);
    }
  }

  private static final class Channel extends IoChannel {
    private static final byte RUBBISH = 0x5a;

    private final boolean silent;

    Channel(boolean silent) {
      this.silent = silent;
    }

    @Override
    protected void take(IoRequest request) {
      if (silent) return;
      for (int at = 0; at < request.lengthBytes(); at += 8) {
        Memory.putLong(request.address() + at, 0x0101010101010101L * RUBBISH);
      }
      request.complete(IoStatus.SUCCESS);
    }

    @Override
    public void close() {
      // It holds nothing.
    }
  }
}
