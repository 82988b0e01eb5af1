package io.tenon.linux;

import java.io.IOException;

/** A system call failed. Whoever called knows what it was for, and says so in an exception of its own. */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final int errno;

  public LinuxException(String call, int errno) {
    super(call + ": " + Errno.text(errno));
    this.call = call;
    this.errno = errno;
  }

  public String call() {
    return call;
  }

  /** One of {@link Errno}, or another number of the kernel's. */
  public int errno() {
    return errno;
  }
}
