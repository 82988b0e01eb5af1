package io.tenon.reactor;

import io.tenon.error.TenonException;

/** A socket could not be made: address in use, not local, no descriptors left. */
public final class SocketException extends TenonException {
  private static final long serialVersionUID = 1;

  public SocketException(String what, String why, String remedy) {
    super(what, why, remedy);
  }
}
