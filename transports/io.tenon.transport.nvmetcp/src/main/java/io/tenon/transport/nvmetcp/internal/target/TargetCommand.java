package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.Check;
import io.tenon.nvme.NvmeCommand;
import org.jspecify.annotations.Nullable;

/**
 * A command of a connection.
 *
 * <pre>
 * Free ─► Begun ─► Executing ─► Responding ─► Free
 *           ├─► Waiting ─► Receiving ─► Executing
 *           ├─► Waiting ─► Executing
 *           └─► Responding   (an error of the transport)
 * </pre>
 *
 * The connection's reactor only.
 */
final class TargetCommand extends NvmeCommand {
  enum State {
    FREE,
    BEGUN,
    /** In one of the connection's lines: for a buffer, for the socket, or for its turn to send data. */
    WAITING,
    /** Data is asked for by R2T. */
    RECEIVING,
    EXECUTING,
    /** The response waits to be sent. */
    RESPONDING
  }

  private final TargetConnection connection;
  final int slot;
  State state = State.FREE;

  /** From the pool; 0 without. */
  long buffer;

  int bufferBytes;

  /** Next in the connection's line of those that wait. */
  @Nullable TargetCommand nextWaiting;

  // While RECEIVING: offsets into the data.

  int receivedBytes;

  /** End of what was asked for. */
  int requestedBytes;

  /** The transport answers with this status and does not execute; 0 for none. */
  int failure;

  TargetCommand(TargetConnection connection, int slot, long sqe) {
    super(sqe);
    this.connection = connection;
    this.slot = slot;
  }

  private static boolean isLegal(State from, State to) {
    return switch (from) {
      case FREE -> to == State.BEGUN;
      case BEGUN -> to != State.BEGUN;
      case WAITING -> to == State.RECEIVING || to == State.EXECUTING || to == State.FREE;
      case RECEIVING -> to == State.EXECUTING || to == State.RESPONDING || to == State.FREE;
      case EXECUTING -> to == State.RESPONDING || to == State.FREE;
      case RESPONDING -> to == State.FREE;
    };
  }

  void become(State next) {
    if (!isLegal(state, next)) throw Check.bug("command %d: %s -> %s", slot, state, next);
    state = next;
  }

  /** Status for the response: the model's, or the transport's when it did not get as far. */
  int finalStatus() {
    return failure != 0 ? failure : status();
  }

  int finalDataBytes() {
    return failure != 0 ? 0 : responseBytes();
  }

  @Override
  protected void respond() {
    connection.respond(this);
  }
}
