package io.tenon.devices.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A backend of devices that succeed at everything, and that refuses when it is told to. */
final class ScriptedProvider implements DeviceProvider {
  final List<Device> opened = new ArrayList<>();
  volatile @Nullable DeviceException refusal;
  volatile @Nullable CountDownLatch hold;
  volatile boolean forgets;
  final CountDownLatch entered = new CountDownLatch(1);
  private final UUID uuid;

  ScriptedProvider() {
    this(new UUID(1, 1));
  }

  ScriptedProvider(UUID uuid) {
    this.uuid = uuid;
  }

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(Set.of("uuid", "grow"));
    return uri.name();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    var refuses = refusal;
    if (refuses != null) throw refuses;
    var waits = hold;
    if (waits != null) {
      entered.countDown();
      try {
        waits.await();
      } catch (InterruptedException e) {
        throw Check.bug("interrupted: %s", e);
      }
    }
    var given = uri.uuid();
    var device =
        new Device(
            uri.name(), given.orElse(UUID.nameUUIDFromBytes((uuid + uri.name()).getBytes(UTF_8))));
    device.forgets = forgets;
    synchronized (this) {
      opened.add(device);
    }
    return device;
  }

  @Override
  public boolean changesOpenDevice(DeviceUri uri) throws DeviceException {
    return uri.flag("grow");
  }

  @Override
  public void change(DeviceUri uri, BlockDevice open) {
    ((Device) open).grow();
  }

  static DeviceException busy() {
    return new DeviceException(Kind.IN_USE, "It was not opened.", "It is busy.", "Wait.");
  }

  static final class Device implements BlockDevice {
    private final String name;
    private final UUID uuid;
    private volatile long blocks = 8;
    volatile @Nullable DeviceListener listener;
    volatile boolean closed;
    volatile boolean forgets;

    Device(String name, UUID uuid) {
      this.name = name;
      this.uuid = uuid;
    }

    void grow() {
      blocks *= 2;
      var told = listener;
      if (told != null) told.resized(geometry());
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public UUID uuid() {
      return uuid;
    }

    @Override
    public Geometry geometry() {
      return new Geometry(512, blocks);
    }

    @Override
    public String productName() {
      return "scripted";
    }

    @Override
    public boolean supports(IoOperation operation) {
      return true;
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return new IoChannel() {
        @Override
        protected void take(IoRequest request) {
          request.complete(closed ? IoStatus.IO_ERROR : IoStatus.SUCCESS);
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void listener(DeviceListener listener) {
      this.listener = listener;
    }

    @Override
    public boolean outlivesClosing() {
      return !forgets;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
