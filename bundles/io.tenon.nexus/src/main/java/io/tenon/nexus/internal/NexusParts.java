package io.tenon.nexus.internal;

import io.tenon.block.Geometry;
import io.tenon.reactor.Reactor;

/** Makes the pieces of a nexus' I/O path. Tests put a broken piece in and see whether their checker finds it. */
class NexusParts {
  RangeLock range(Geometry geometry) {
    return new RangeLock(geometry.blockShift(), geometry.blockCount());
  }

  Lane lane(Reactor reactor, NexusDevice nexus) {
    return new Lane(reactor, nexus);
  }

  NexusIo io(Lane lane, int children) {
    return new NexusIo(lane, children);
  }
}
