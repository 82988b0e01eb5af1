package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.LbaStatus;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Asks a controller where its namespace holds data: Get LBA Status on the admin queue, for devices on all reactors. Whatever goes wrong,
 * everything may hold data.
 */
final class AllocationClient {
  private static final int NSID = 1;

  /** For the first run of allocated blocks; what comes after it is another question. */
  private static final int LIST_BYTES = LbaStatus.HEADER_BYTES + LbaStatus.DESCRIPTOR_BYTES;

  private final HostQueue admin;

  /** The admin queue's reactor only. */
  private final ArrayDeque<Call> free = new ArrayDeque<>();

  AllocationClient(HostQueue admin) {
    this.admin = admin;
  }

  /** On {@code asker}, where it is answered. */
  void ask(AllocationQuery query, Reactor asker) {
    admin.reactor().execute(() -> admin.whenFree(() -> send(query, asker)));
  }

  private void send(AllocationQuery query, Reactor asker) {
    if (!admin.hasFree()) {
      asker.execute(query::answerUnknown);
      return;
    }
    var unused = free.poll();
    var call = unused == null ? new Call() : unused;
    call.send(query, asker);
  }

  /** One command on its way; its memory is the controller's until then. */
  private final class Call implements HostCommand.Owner {
    private final MemorySegment list = Arena.ofAuto().allocate(LIST_BYTES, Long.BYTES);
    private AllocationQuery query = NOBODYS;
    private Reactor asker = admin.reactor();

    void send(AllocationQuery asked, Reactor by) {
      query = asked;
      asker = by;
      // A controller may answer without data.
      Memory.zero(list.address(), LIST_BYTES);
      HostCommand command = admin.take(this);
      long sqe = command.prepare(Opcode.GET_LBA_STATUS, NSID);
      LbaStatus.ask(sqe, LbaStatus.RETURN_ALLOCATED, asked.lba(), blocks(), LIST_BYTES);
      command.reads(list.address(), LIST_BYTES);
      admin.submit(command);
    }

    private int blocks() {
      return (int) Math.min(query.blocks(), LbaStatus.MOST_BLOCKS);
    }

    @Override
    public void answered(HostCommand command, long result, int status) {
      long run =
          status == NvmeStatus.SUCCESS
              ? LbaStatus.firstRun(list.address(), LIST_BYTES, query.lba(), blocks())
              : query.blocks();
      answer(run);
    }

    @Override
    public void lost(HostCommand command, IoStatus status) {
      answer(query.blocks());
    }

    private void answer(long run) {
      var asked = query;
      query = NOBODYS;
      free.add(this);
      asker.execute(() -> asked.answer(run > 0, Math.abs(run)));
    }
  }

  private static final AllocationQuery NOBODYS =
      new AllocationQuery() {
        @Override
        protected void answered() {}
      };
}
