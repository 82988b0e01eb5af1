package io.tenon.transport.nvmetcp.internal.target;

/**
 * The end of this bundle that hosts are connected to. When the bundle goes it must go before the other end: hosts' I/O may be under way to
 * devices of other nodes, and would wait for them, and the connections for it.
 */
public interface HostSide {
  /** Any thread but a reactor's; returns when it has gone. Idempotent. */
  void leave();
}
