package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.SglDescriptor;
import io.tenon.nvme.Sqe;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** A command of a simulated connection: the host's side and the target's of it. */
final class SimCommand extends NvmeCommand {
  static final int MOST_BYTES = 4096;

  enum State {
    FREE,
    /** On its way to the target. */
    SENT,
    BEGUN,
    RECEIVING,
    EXECUTING,
    RESPONDING,
    /** The target is done with it; its answer may be on its way. */
    ENDED
  }

  private final SimConnection connection;

  /** The host's memory. */
  final long data;

  /** The target's. */
  final long buffer;

  State state = State.FREE;

  /** The target has executed it: it may have had an effect. */
  boolean executed;

  @Nullable HostTask task;

  SimCommand(SimConnection connection, Arena arena, int id) {
    super(arena.allocate(Sqe.LENGTH_BYTES, 8).address());
    this.connection = connection;
    this.data = arena.allocate(MOST_BYTES, 4096).address();
    this.buffer = arena.allocate(MOST_BYTES, 4096).address();
    Memory.putShort(sqe() + Sqe.CID, id);
  }

  boolean isOfClosed() {
    return connection.isClosed();
  }

  /** Fills in a new entry. */
  long prepare(int opcode, int dataBytes, boolean inCapsule) {
    int id = commandId();
    Memory.zero(sqe(), Sqe.LENGTH_BYTES);
    Memory.putByte(sqe(), opcode);
    Memory.putByte(sqe() + Sqe.FLAGS, Sqe.PSDT_SGL);
    Memory.putShort(sqe() + Sqe.CID, id);
    SglDescriptor.write(
        sqe(), inCapsule ? SglDescriptor.IN_CAPSULE : SglDescriptor.BY_TRANSPORT, dataBytes);
    return sqe();
  }

  @Override
  protected void respond() {
    connection.respond(this);
  }

  @Override
  public String toString() {
    return "command %d (opcode %x, %s)".formatted(commandId(), opcode(), state);
  }
}
