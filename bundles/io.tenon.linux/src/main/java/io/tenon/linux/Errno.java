package io.tenon.linux;

import java.util.Map;

/** Error numbers of Linux that Tenon tells apart; {@code asm-generic/errno.h}, the same on x86-64 and ARM64. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int EBADE = 52;
  public static final int ENODATA = 61;
  public static final int EREMOTEIO = 121;
  public static final int EOPNOTSUPP = 95;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETUNREACH = 101;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTUNREACH = 113;
  public static final int EINPROGRESS = 115;
  public static final int EDQUOT = 122;
  public static final int ECANCELED = 125;

  private static final Map<Integer, String> SENTENCES =
      Map.ofEntries(
          Map.entry(EPERM, "operation not permitted (EPERM)"),
          Map.entry(ENOENT, "no such file or directory (ENOENT)"),
          Map.entry(EINTR, "interrupted (EINTR)"),
          Map.entry(EIO, "input/output error (EIO)"),
          Map.entry(ENXIO, "no such device or address (ENXIO)"),
          Map.entry(EAGAIN, "resource temporarily unavailable (EAGAIN)"),
          Map.entry(ENOMEM, "out of memory (ENOMEM)"),
          Map.entry(EACCES, "permission denied (EACCES)"),
          Map.entry(EBUSY, "device or resource busy (EBUSY)"),
          Map.entry(EEXIST, "it exists (EEXIST)"),
          Map.entry(ENODEV, "no such device (ENODEV)"),
          Map.entry(ENOTDIR, "not a directory (ENOTDIR)"),
          Map.entry(EISDIR, "is a directory (EISDIR)"),
          Map.entry(EINVAL, "invalid argument (EINVAL)"),
          Map.entry(EMFILE, "too many open files (EMFILE)"),
          Map.entry(ENOTTY, "not possible for this kind of file (ENOTTY)"),
          Map.entry(EFBIG, "file too large (EFBIG)"),
          Map.entry(ENOSPC, "no space left (ENOSPC)"),
          Map.entry(EROFS, "read-only file system (EROFS)"),
          Map.entry(EPIPE, "broken pipe (EPIPE)"),
          Map.entry(ENAMETOOLONG, "name too long (ENAMETOOLONG)"),
          Map.entry(ENOSYS, "the kernel has no such call (ENOSYS)"),
          Map.entry(EBADE, "invalid exchange (EBADE)"),
          Map.entry(ENODATA, "no data, a medium error (ENODATA)"),
          Map.entry(EREMOTEIO, "remote I/O error (EREMOTEIO)"),
          Map.entry(EOPNOTSUPP, "not supported (EOPNOTSUPP)"),
          Map.entry(EADDRINUSE, "address already in use (EADDRINUSE)"),
          Map.entry(EADDRNOTAVAIL, "no address of this machine (EADDRNOTAVAIL)"),
          Map.entry(ENETUNREACH, "network unreachable (ENETUNREACH)"),
          Map.entry(ECONNABORTED, "connection aborted (ECONNABORTED)"),
          Map.entry(ECONNRESET, "connection reset by the peer (ECONNRESET)"),
          Map.entry(ETIMEDOUT, "timed out (ETIMEDOUT)"),
          Map.entry(ECONNREFUSED, "connection refused (ECONNREFUSED)"),
          Map.entry(EHOSTUNREACH, "no route to the host (EHOSTUNREACH)"),
          Map.entry(EINPROGRESS, "in progress (EINPROGRESS)"),
          Map.entry(EDQUOT, "disk quota exceeded (EDQUOT)"),
          Map.entry(ECANCELED, "cancelled (ECANCELED)"));

  private Errno() {}

  /** For people: words and the symbol, or the number when it is not one of ours. */
  public static String text(int errno) {
    return SENTENCES.getOrDefault(errno, "error " + errno);
  }
}
