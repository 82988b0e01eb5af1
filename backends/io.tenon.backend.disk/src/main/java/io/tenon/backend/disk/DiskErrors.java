package io.tenon.backend.disk;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.IoStatus;
import io.tenon.linux.Errno;
import io.tenon.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the kernel's error numbers mean to users of a disk. */
public final class DiskErrors {
  private static final Logger log = LoggerFactory.getLogger(DiskErrors.class);
  private static final int MINOR_BITS = 8;

  private DiskErrors() {}

  static DeviceException refused(String path, LinuxException e) {
    String what = "Block device " + path + " was not opened.";
    String why = e.getMessage() + ".";
    return switch (e.errno()) {
      case Errno.ENOENT ->
          new DeviceException(
              Kind.NOT_FOUND, what, "There is no such file or disk.", "Correct the path.", e);
      case Errno.ENOTDIR ->
          new DeviceException(
              Kind.NOT_FOUND, what, "Its path leads through a file.", "Correct the path.", e);
      case Errno.ENAMETOOLONG ->
          new DeviceException(
              Kind.INVALID_PARAMETER, what, "Its path is too long.", "Correct the path.", e);
      case Errno.ENODEV, Errno.ENXIO ->
          new DeviceException(Kind.NOT_FOUND, what, why, "Plug the disk in.", e);
      case Errno.EACCES, Errno.EPERM ->
          new DeviceException(
              Kind.PERMISSION_DENIED,
              what,
              "This process may not read and write it.",
              "Give the node's user access to it.",
              e);
      case Errno.EROFS ->
          new DeviceException(
              Kind.PERMISSION_DENIED, what, "It is read-only.", "Make it writable.", e);
      case Errno.EBUSY ->
          new DeviceException(
              Kind.IN_USE,
              what,
              user(path).orElse("Another process or the kernel uses it exclusively."),
              "Unmount or release it first.",
              e);
      case Errno.EAGAIN ->
          new DeviceException(
              Kind.IN_USE,
              what,
              "Another process has locked the file, perhaps another node.",
              "Stop that first, or give another file.",
              e);
      case Errno.EISDIR ->
          new DeviceException(
              Kind.INVALID_PARAMETER,
              what,
              "It is a directory.",
              "Give the path of a file or disk.",
              e);
      default -> new DeviceException(Kind.IO, what, why, "", e);
    };
  }

  private static Optional<String> user(String path) {
    try {
      if (!(Files.getAttribute(Path.of(path), "unix:rdev") instanceof Long device)) {
        return Optional.empty();
      }
      int major = (int) ((device >>> MINOR_BITS) & 0xFFF);
      int minor = (int) ((device & 0xFF) | ((device >>> 12) & 0xFFF00));
      return BlockQueue.of(major, minor).user();
    } catch (IOException e) {
      log.debug("the device number of {} cannot be read", path, e);
      return Optional.empty();
    }
  }

  /**
   * @param errno positive
   */
  public static IoStatus status(int errno) {
    return switch (errno) {
      case Errno.ENOSPC, Errno.EDQUOT -> IoStatus.NO_SPACE;
      case Errno.ENODEV, Errno.ENXIO -> IoStatus.DEVICE_GONE;
      case Errno.EOPNOTSUPP -> IoStatus.UNSUPPORTED;
      case Errno.ETIMEDOUT -> IoStatus.TIMED_OUT;
      case Errno.ECANCELED -> IoStatus.ABORTED;
      case Errno.EBADE -> IoStatus.RESERVATION_CONFLICT;
      default -> IoStatus.IO_ERROR;
    };
  }
}
