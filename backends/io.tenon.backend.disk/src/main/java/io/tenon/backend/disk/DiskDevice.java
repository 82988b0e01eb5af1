package io.tenon.backend.disk;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.Errno;
import io.tenon.reactor.Reactor;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link Disk} as a block device, read and written through the reactors' rings. */
public final class DiskDevice implements BlockDevice {
  private static final Logger log = LoggerFactory.getLogger(DiskDevice.class);

  private final Disk disk;
  private final String productName;
  private final Rings<?> rings;
  private final Background background;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean gone = new AtomicBoolean();
  private volatile Geometry geometry;
  private volatile DeviceListener listener = new DeviceListener() {};

  /**
   * @param disk this device's to close
   * @param rings acquired for this device, which releases them
   */
  public DiskDevice(Disk disk, String productName, Rings<?> rings, Background background) {
    this.disk = disk;
    this.productName = productName;
    this.rings = rings;
    this.background = background;
    this.geometry = disk.geometry();
  }

  @Override
  public String name() {
    return disk.path();
  }

  @Override
  public UUID uuid() {
    return disk.uuid();
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return productName;
  }

  /** Comparing is left to the slot. */
  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH, WRITE_ZEROES -> true;
      case UNMAP -> disk.canDiscard();
      case COMPARE, COMPARE_AND_WRITE -> false;
    };
  }

  /** A hole in a file reads as zeroes; what a disk makes of a discard is its business. */
  @Override
  public boolean unmapZeroes() {
    return disk.canDiscard() && !disk.isBlockDevice();
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new DiskChannel(this, reactor, rings.of(reactor), background);
  }

  @Override
  public void listener(DeviceListener listener) {
    this.listener = listener;
  }

  Disk disk() {
    return disk;
  }

  int fd() {
    return disk.file().fd();
  }

  /** Takes over the size that the file or disk has now. */
  public void rescan() throws DeviceException {
    var now = disk.measure();
    if (now.equals(geometry)) return;
    geometry = now;
    listener.resized(now);
  }

  /**
   * How an I/O ended.
   *
   * @param result bytes moved, or the negative error number
   * @param expectedBytes that should have been moved
   */
  IoStatus outcome(long result, long expectedBytes) {
    if (result == expectedBytes) return IoStatus.SUCCESS;
    if (result >= 0) return IoStatus.IO_ERROR;
    int errno = (int) -result;
    var status = DiskErrors.status(errno);
    if (gone.getPlain()) return IoStatus.DEVICE_GONE;
    log.warn("{}: I/O failed, {}", disk.path(), Errno.text(errno));
    if (status == IoStatus.DEVICE_GONE && gone.compareAndSet(false, true)) {
      listener.lost("The disk " + disk.path() + " is gone: " + Errno.text(errno) + ".");
    }
    return status;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) return;
    disk.file().close();
    rings.release();
  }
}
