package io.tenon.backend.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.linux.DiskFile;
import io.tenon.linux.DiskFile.Facts;
import io.tenon.linux.DiskFile.FileType;
import io.tenon.linux.Errno;
import io.tenon.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file or block device that was opened for one block device, with nobody else on it. Any thread; may block.
 *
 * @param uuid of the URI, or made of the host's name and the path, so that it stays over restarts
 * @param memoryAlignBytes what addresses of data must be a multiple of
 * @param tellsHoles {@link Holes} can be asked
 */
public record Disk(
    String path,
    UUID uuid,
    DiskFile file,
    Facts facts,
    Geometry geometry,
    int memoryAlignBytes,
    boolean canDiscard,
    boolean tellsHoles) {
  private static final Logger log = LoggerFactory.getLogger(Disk.class);
  private static final int DEFAULT_BLOCK_BYTES = 512;
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  /**
   * Opens what the URI's path names, past the page cache where that is possible.
   *
   * @throws DeviceException when it is missing, in use, not allowed, or not of the right kind or size
   */
  public static Disk open(DeviceUri uri) throws DeviceException {
    String path = path(uri);
    int wanted = blockBytes(uri);
    var uuid = uri.uuid().isPresent() ? uri.uuid().get() : named(path);
    DiskFile file = openFile(path);
    try {
      var facts = file.facts();
      checkType(path, facts);
      int blockBytes = blockBytes(uri, wanted, facts);
      if (facts.type() == FileType.BLOCK_DEVICE) {
        file.close();
        file = DiskFile.open(path, true, true);
      } else {
        file = withoutDirectWhereItCannot(path, file, facts, blockBytes);
        file.lock();
      }
      return new Disk(
          path,
          uuid,
          file,
          facts,
          geometry(path, facts, blockBytes),
          file.isDirect() ? memoryAlign(facts, blockBytes) : 1,
          canDiscard(file, facts),
          Holes.areTold(file, facts));
    } catch (LinuxException e) {
      file.close();
      throw DiskErrors.refused(path, e);
    } catch (DeviceException e) {
      file.close();
      throw e;
    }
  }

  private static String path(DeviceUri uri) throws DeviceException {
    try {
      var _ = Path.of(uri.path());
      return uri.path();
    } catch (InvalidPathException e) {
      throw uri.invalid("Its path cannot be one of this system: " + e.getReason() + ".");
    }
  }

  private static int blockBytes(DeviceUri uri) throws DeviceException {
    if (!uri.host().isEmpty()) {
      throw uri.invalid("It has a host; write " + uri.scheme() + ":///path, with three slashes.");
    }
    long bytes = uri.number("blk_size", 0);
    if (bytes != 0 && bytes != 512 && bytes != 4096) {
      throw uri.badParameter("Parameter blk_size must be 512 or 4096, was " + bytes + ".");
    }
    return (int) bytes;
  }

  private static int blockBytes(DeviceUri uri, int wanted, Facts facts) throws DeviceException {
    if (facts.type() == FileType.REGULAR) return wanted == 0 ? DEFAULT_BLOCK_BYTES : wanted;
    int blockBytes = wanted == 0 ? facts.blockBytes() : wanted;
    if (blockBytes < facts.blockBytes()) {
      throw uri.badParameter(
          "Parameter blk_size is "
              + wanted
              + ", but the disk has blocks of "
              + facts.blockBytes()
              + ".");
    }
    if (blockBytes < facts.physicalBlockBytes()) {
      log.info(
          "{}: its blocks of {} bytes lie on physical ones of {}; writes that do not cover those are slow",
          uri.path(),
          blockBytes,
          facts.physicalBlockBytes());
    }
    return blockBytes;
  }

  private static UUID named(String path) throws DeviceException {
    try {
      String host = Files.readString(HOST_NAME).trim();
      String real = Files.exists(Path.of(path)) ? Path.of(path).toRealPath().toString() : path;
      return UUID.nameUUIDFromBytes((host + ":" + real).getBytes(UTF_8));
    } catch (IOException e) {
      throw new DeviceException(
          Kind.IO,
          "Block device " + path + " was not opened.",
          "Its uuid could not be made of the host's name and its path: " + e.getMessage() + ".",
          "Give a uuid.",
          e);
    }
  }

  private static DiskFile openFile(String path) throws DeviceException {
    try {
      return DiskFile.open(path, true, false);
    } catch (LinuxException e) {
      if (e.errno() != Errno.EINVAL) throw DiskErrors.refused(path, e);
    }
    try {
      return DiskFile.open(path, false, false);
    } catch (LinuxException e) {
      throw DiskErrors.refused(path, e);
    }
  }

  private static void checkType(String path, Facts facts) throws DeviceException {
    if (facts.type() == FileType.REGULAR || facts.type() == FileType.BLOCK_DEVICE) return;
    throw new DeviceException(
        Kind.INVALID_PARAMETER,
        "Block device " + path + " was not opened.",
        facts.type() == FileType.DIRECTORY
            ? "It is a directory."
            : "It is neither a regular file nor a block device.",
        "Give the path of a file or disk.");
  }

  /** Block sizes below what the file system can do past the cache, and file systems that cannot, go by the cache. */
  private static DiskFile withoutDirectWhereItCannot(
      String path, DiskFile file, Facts facts, int blockBytes) throws LinuxException {
    if (file.isDirect() && facts.offsetAlignBytes() <= blockBytes) return file;
    log.info(
        "{}: by way of the page cache, because {}",
        path,
        file.isDirect()
            ? "O_DIRECT wants " + facts.offsetAlignBytes() + " byte blocks there"
            : "its file system has no O_DIRECT");
    if (!file.isDirect()) return file;
    file.close();
    return DiskFile.open(path, false, false);
  }

  private static int memoryAlign(Facts facts, int blockBytes) {
    return facts.memoryAlignBytes() == 0 ? blockBytes : facts.memoryAlignBytes();
  }

  private static Geometry geometry(String path, Facts facts, int blockBytes)
      throws DeviceException {
    long size = facts.sizeBytes();
    if (size > 0 && size % blockBytes == 0) return new Geometry(blockBytes, size / blockBytes);
    throw new DeviceException(
        Kind.MISMATCH,
        "Block device " + path + " was not opened.",
        size == 0
            ? "It is empty."
            : "Its size of "
                + size
                + " bytes is not a multiple of its blocks of "
                + blockBytes
                + ".",
        size == 0 ? "Give it a size first." : "Give it a size that is, or another blk_size.");
  }

  private static boolean canDiscard(DiskFile file, Facts facts) throws LinuxException {
    if (facts.type() == FileType.BLOCK_DEVICE) {
      return BlockQueue.of(facts.major(), facts.minor()).canDiscard();
    }
    try {
      // Behind its end there is nothing to lose.
      long end = (facts.sizeBytes() + 0xFFFF) & -0x10000L;
      file.allocate(Allocation.PUNCH, end, 4096);
      return true;
    } catch (LinuxException e) {
      if (e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.ENOSYS) return false;
      throw e;
    }
  }

  public boolean isBlockDevice() {
    return facts.type() == FileType.BLOCK_DEVICE;
  }

  /** The size that it has now, in whole blocks. */
  Geometry measure() throws DeviceException {
    try {
      return new Geometry(geometry.blockBytes(), file.facts().sizeBytes() / geometry.blockBytes());
    } catch (LinuxException e) {
      throw DiskErrors.refused(path, e);
    }
  }

  /** Makes the range zeroes. */
  void zero(long offset, long lengthBytes) throws LinuxException {
    if (isBlockDevice()) {
      file.zeroOut(offset, lengthBytes);
      return;
    }
    try {
      file.allocate(Allocation.ZERO, offset, lengthBytes);
    } catch (LinuxException e) {
      if (e.errno() != Errno.EOPNOTSUPP) throw e;
      if (canDiscard) file.allocate(Allocation.PUNCH, offset, lengthBytes);
      else Zeroes.write(file, offset, lengthBytes);
    }
  }

  /** Forgets the range. */
  void discard(long offset, long lengthBytes) throws LinuxException {
    if (isBlockDevice()) file.discard(offset, lengthBytes);
    else file.allocate(Allocation.PUNCH, offset, lengthBytes);
  }
}
