package io.tenon.nexus.internal;

import io.tenon.block.CopyPace;
import io.tenon.block.Geometry;
import io.tenon.reactor.Reactor;
import java.util.List;

/** Makes the pieces of a nexus' I/O path. Tests put a broken piece in and see whether their checker finds it. */
class NexusParts {
  RangeLock range(Geometry geometry) {
    return new RangeLock(geometry.blockShift(), geometry.blockCount());
  }

  WriteLog log(int blockShift, long blockCount) {
    return new WriteLog(blockShift, blockCount, SegmentMap.USUAL_BYTES);
  }

  SegmentCopy copy(Rebuild rebuild, Lane lane, long memory, int memoryBlocks) {
    return new SegmentCopy(rebuild, lane, memory, memoryBlocks);
  }

  CopyPace pace(Reactor home, List<Lane> lanes, Runnable pump) {
    return new CopyPace(home, new LaneLatencies(lanes), pump);
  }

  Checkpoint checkpoint(Reactor home, List<Lane> lanes) {
    return new Checkpoint(home, lanes, Checkpoint.USUAL_NS);
  }

  Lane lane(Reactor reactor, NexusDevice nexus) {
    return new Lane(reactor, nexus);
  }

  NexusIo io(Lane lane, int children) {
    return new NexusIo(lane, children);
  }
}
