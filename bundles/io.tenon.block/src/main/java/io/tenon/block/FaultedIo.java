package io.tenon.block;

import io.tenon.reactor.Reactor;

/** An I/O whose answer an {@link InjectedFault} replaces, or keeps back. Made for the occasion: nobody measures I/O with faults. */
final class FaultedIo extends IoRequest {
  private final IoRequest outer;
  private final InjectedFault fault;
  private final Reactor reactor;

  /**
   * @param outer admitted, and not lendable
   */
  FaultedIo(IoRequest outer, InjectedFault fault, Reactor reactor) {
    this.outer = outer;
    this.fault = fault;
    this.reactor = reactor;
    prepareLike(outer, 0);
  }

  @Override
  protected void completed(IoStatus status) {
    if (fault.delays()) {
      var _ = reactor.schedule(fault.delayNs(), () -> outer.complete(status));
    } else {
      outer.complete(fault.status());
    }
  }
}
