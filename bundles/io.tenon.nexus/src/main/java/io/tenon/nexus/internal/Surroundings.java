package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import java.util.concurrent.Executor;

/**
 * What nexuses need of their node.
 *
 * @param blocking runs what may block and follows from I/O: closing a child, pausing a subsystem
 * @param ana hosts are told of ANA states
 */
record Surroundings(
    BlockDevices devices,
    NvmeTarget target,
    Reactors reactors,
    Executor blocking,
    boolean ana,
    Timing timing,
    RecordStore store) {
  /** Where everything is decided that is not I/O. */
  Reactor home() {
    return reactors.all().getFirst();
  }

  /** Of a nexus of this node. */
  Predecessor predecessor(String nexus) {
    return new Predecessor(nexus, home(), timing, target::wasReserved);
  }

  StoredRecord.Place recordPlace() {
    return new StoredRecord.Place(home(), blocking, timing.clock(), timing.record());
  }
}
