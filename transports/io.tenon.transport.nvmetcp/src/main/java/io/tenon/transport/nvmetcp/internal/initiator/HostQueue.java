package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Memory;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.SglDescriptor;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a controller: one queue, admin or I/O. {@link HostReceiver} takes PDUs in; commands and their data go out
 * from where they lie, all of a round by one call.
 *
 * <pre>
 * Connecting ─► Initializing ─► Ready ─► Closed
 *      └──────────────┴───────────────────┘
 * </pre>
 *
 * Its reactor only.
 */
final class HostQueue implements SocketHandler {
  /** Data of a capsule of a Fabrics or admin command, TCP Transport 1.0c §3.3.2.2. */
  static final int FABRICS_CAPSULE_BYTES = 8192;

  private static final long SHORTEST_CHECK_NS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long LONGEST_CHECK_NS = TimeUnit.SECONDS.toNanos(1);
  private static final int CHECKS_PER_TIMEOUT = 8;

  private enum State {
    CONNECTING,
    INITIALIZING,
    READY,
    CLOSED
  }

  /** Told what becomes of the connection. */
  interface Owner {
    /** ICResp has come: commands may be sent. */
    void ready(HostQueue queue);

    /**
     * It is over; each command that was active is told after this.
     *
     * @param status what to fail I/O with
     */
    void down(HostQueue queue, String reason, IoStatus status);
  }

  private final Reactor reactor;
  private final QueueParameters parameters;
  private final Owner owner;
  private final HostMemory memory;
  private final SendVectors vectors;
  private final Digest digest = new Digest();
  private final HostReceiver receiver;
  private final StreamSocket socket;
  private final Runnable flush = this::flush;
  private final HostCommand[] commands;

  /** Stack of free commands. */
  private final int[] free;

  /** Who waits for a free command, and is no I/O: few, and seldom. */
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

  private int freeCount;
  private State state = State.CONNECTING;
  private boolean flushScheduled;
  private long queuedBytes;
  private int maxH2cDataBytes;
  private Reactor.@Nullable Timer timer;

  /**
   * Starts to connect.
   *
   * @param connectWithinNs until ready
   */
  HostQueue(
      Reactor reactor,
      InetSocketAddress address,
      QueueParameters parameters,
      long connectWithinNs,
      Owner owner)
      throws SocketException, LinuxException {
    this.reactor = reactor;
    this.parameters = parameters;
    this.owner = owner;
    this.memory = new HostMemory(parameters);
    this.vectors = memory.vectors();
    this.commands = new HostCommand[parameters.commands()];
    this.free = new int[commands.length];
    for (int i = commands.length - 1; i >= 0; i--) {
      long pdu = memory.capsule(i);
      commands[i] = new HostCommand(i, pdu, pdu + Pdu.ENTRY);
      free[freeCount++] = i;
    }
    try {
      this.socket = reactor.connect(address, this);
    } catch (SocketException e) {
      memory.close();
      throw e;
    }
    this.receiver = new HostReceiver(this, socket, memory.receive(), digest, parameters);
    this.timer =
        reactor.schedule(connectWithinNs, () -> close("no connection in time", IoStatus.TIMED_OUT));
  }

  Reactor reactor() {
    return reactor;
  }

  QueueParameters parameters() {
    return parameters;
  }

  boolean isOpen() {
    return state != State.CLOSED;
  }

  /** Most data of one H2CData PDU, as the controller said. */
  int maxH2cDataBytes() {
    return maxH2cDataBytes;
  }

  // SocketHandler

  @Override
  public void connected() {
    state = State.INITIALIZING;
    long pdu = memory.scratch();
    Memory.zero(pdu, Pdu.IC_BYTES);
    Pdu.header(pdu, Pdu.IC_REQ, 0, Pdu.IC_BYTES, 0, Pdu.IC_BYTES);
    Memory.putByte(pdu + Pdu.IC_DGST, parameters.digests());
    queue(pdu, Pdu.IC_BYTES);
  }

  @Override
  public int readable() {
    return isOpen() ? receiver.receive() : 0;
  }

  @Override
  public void writable() {
    flush();
  }

  @Override
  public void closed(String reason) {
    close(reason, IoStatus.DEVICE_GONE);
  }

  // For the receiver.

  void initialized(int digests, int maxH2cData) {
    if (digests != parameters.digests()) {
      close("the controller does not agree to the digests asked for", IoStatus.DEVICE_GONE);
      return;
    }
    maxH2cDataBytes = maxH2cData;
    state = State.READY;
    stopTimer();
    scheduleCheck();
    owner.ready(this);
  }

  @Nullable HostCommand active(int id) {
    return id < commands.length && commands[id].active ? commands[id] : null;
  }

  /** All that was queued for the command has been sent, so that an answer can be one. */
  boolean isSent(HostCommand command) {
    return command.lastByte <= queuedBytes - vectors.bytes();
  }

  void answered(HostCommand command, long result, int status) {
    command.active = false;
    HostCommand.Owner to = command.owner;
    if (to == null) throw Check.bug("answer to command %d of nobody", command.id);
    free[freeCount++] = command.id;
    if (!waiting.isEmpty()) waiting.remove().run();
    to.answered(command, result, status);
  }

  /** The controller asks for {@code length} bytes of a write, from where it has got so far; checked. */
  void sendData(HostCommand command, int offset, int length, int tag) {
    command.movedBytes = offset + length;
    int headBytes = Pdu.DATA_BYTES + parameters.headerDigestBytes();
    int index = 0;
    for (int at = 0; at < length; index++) {
      int piece = Math.min(length - at, maxH2cDataBytes);
      boolean last = at + piece == length;
      long pdu = memory.dataHeader(command.id, index);
      long data = command.dataAddress + offset + at;
      int flags = (last ? Pdu.LAST_FLAG : 0) | digestFlags(true);
      int plen = headBytes + piece + parameters.dataDigestBytes();
      Pdu.header(pdu, Pdu.H2C_DATA, flags, Pdu.DATA_BYTES, headBytes, plen);
      Memory.putInt(pdu + Pdu.CCCID, command.id | tag << 16);
      Memory.putInt(pdu + Pdu.DATAO, offset + at);
      Memory.putInt(pdu + Pdu.DATAL, piece);
      Memory.putInt(pdu + Pdu.DATAL + Integer.BYTES, 0);
      queue(pdu, data, piece, Pdu.DATA_BYTES);
      at += piece;
    }
    command.lastByte = queuedBytes;
  }

  /** Tells the controller what was wrong with its PDU, and ends the connection. */
  void terminate(Fatal fatal, long information, long header, int headerBytes) {
    int shown = Math.min(headerBytes, Pdu.TERM_MAX_DATA_BYTES);
    int length = Pdu.TERM_BYTES + shown;
    long pdu = memory.scratch() + Pdu.IC_BYTES;
    Memory.zero(pdu, Pdu.TERM_BYTES);
    Pdu.header(pdu, Pdu.H2C_TERM_REQ, 0, Pdu.TERM_BYTES, 0, length);
    Memory.putShort(pdu + Pdu.TERM_FES, fatal.code());
    Memory.putInt(pdu + Pdu.TERM_FEI, (int) information);
    Memory.copy(header, pdu + Pdu.TERM_BYTES, shown);
    queue(pdu, length);
    socket.send(vectors);
    close("the controller broke the protocol: " + fatal.text(information), IoStatus.DEVICE_GONE);
  }

  // For whoever sends commands.

  boolean hasFree() {
    return state == State.READY && freeCount > 0;
  }

  /** Runs it when there is a free command, before I/O gets it, or when the connection is over. */
  void whenFree(Runnable task) {
    if (state == State.READY && freeCount == 0) waiting.add(task);
    else task.run();
  }

  /** A free command; see {@link #hasFree}. To be submitted before anything else happens. */
  HostCommand take(HostCommand.Owner to) {
    HostCommand command = commands[free[--freeCount]];
    command.owner = to;
    return command;
  }

  /** Memory for the small data that a command needs of its own. */
  long scratch(HostCommand command) {
    return memory.range(command.id);
  }

  void submit(HostCommand command) {
    if (state != State.READY) throw Check.bug("command sent on a queue that is not ready");
    command.active = true;
    command.movedBytes = 0;
    command.broken = false;
    command.startedNs = reactor.nowNs();
    long sqe = command.sqe();
    int bytes = command.dataBytes;
    Memory.putByte(sqe + Sqe.FLAGS, Memory.getU8(sqe + Sqe.FLAGS) | PSDT_SGL);
    int capsuleBytes =
        Memory.getU8(sqe) == Opcode.FABRICS ? FABRICS_CAPSULE_BYTES : parameters.capsuleBytes();
    int headBytes = Pdu.CMD_BYTES + parameters.headerDigestBytes();
    long pdu = command.pdu;
    if (bytes == 0 || command.isRead || bytes > capsuleBytes) {
      SglDescriptor.write(sqe, SglDescriptor.BY_TRANSPORT, bytes);
      Pdu.header(pdu, Pdu.CAPSULE_CMD, digestFlags(false), Pdu.CMD_BYTES, 0, headBytes);
      if (parameters.headerDigest()) digest.seal(pdu, Pdu.CMD_BYTES);
      queue(pdu, headBytes);
    } else {
      SglDescriptor.write(sqe, SglDescriptor.IN_CAPSULE, bytes);
      int plen = headBytes + bytes + parameters.dataDigestBytes();
      Pdu.header(pdu, Pdu.CAPSULE_CMD, digestFlags(true), Pdu.CMD_BYTES, headBytes, plen);
      queue(pdu, command.dataAddress, bytes, Pdu.CMD_BYTES);
      command.movedBytes = bytes;
    }
    command.lastByte = queuedBytes;
  }

  /** PSDT: SGLs, the metadata pointer is an address. */
  private static final int PSDT_SGL = 0x40;

  private int digestFlags(boolean withData) {
    return (parameters.headerDigest() ? Pdu.HDGST_FLAG : 0)
        | (withData && parameters.dataDigest() ? Pdu.DDGST_FLAG : 0);
  }

  /** A header and its data, with the digests agreed; the header has room for both behind it. */
  private void queue(long pdu, long data, int dataBytes, int headerBytes) {
    int headBytes = headerBytes + parameters.headerDigestBytes();
    if (parameters.headerDigest()) digest.seal(pdu, headerBytes);
    queue(pdu, headBytes);
    queue(data, dataBytes);
    if (!parameters.dataDigest()) return;
    long behind = pdu + headBytes;
    Memory.putInt(behind, digest.of(data, dataBytes));
    queue(behind, Pdu.DIGEST_BYTES);
  }

  private void queue(long address, int lengthBytes) {
    vectors.add(address, lengthBytes);
    queuedBytes += lengthBytes;
    if (flushScheduled) return;
    flushScheduled = true;
    reactor.atEndOfRound(flush);
  }

  private void flush() {
    flushScheduled = false;
    if (isOpen() && !vectors.isEmpty()) socket.send(vectors);
  }

  // Time-outs.

  private void scheduleCheck() {
    long timeoutNs = parameters.timeoutNs();
    if (timeoutNs == 0) return;
    long checkNs = Math.clamp(timeoutNs / CHECKS_PER_TIMEOUT, SHORTEST_CHECK_NS, LONGEST_CHECK_NS);
    timer = reactor.schedule(checkNs, this::checkTimeouts);
  }

  private void checkTimeouts() {
    if (!isOpen()) return;
    long now = reactor.nowNs();
    for (HostCommand command : commands) {
      if (!command.active || command.isPatient) continue;
      long waitedNs = now - command.startedNs;
      if (waitedNs < parameters.timeoutNs()) continue;
      close(
          "no answer for %d ms to a command with opcode 0x%02x"
              .formatted(
                  TimeUnit.NANOSECONDS.toMillis(waitedNs),
                  Memory.getU8(command.sqe() + Sqe.OPCODE)),
          IoStatus.TIMED_OUT);
      return;
    }
    scheduleCheck();
  }

  private void stopTimer() {
    var running = timer;
    if (running != null) running.cancel();
    timer = null;
  }

  private boolean isAnythingActive() {
    for (HostCommand command : commands) if (command.active) return true;
    return false;
  }

  /** Ends the connection; what was active is lost with {@code status}. Idempotent. */
  void close(String reason, IoStatus status) {
    if (!isOpen()) return;
    state = State.CLOSED;
    stopTimer();
    // Whoever is told that a write failed may write there again elsewhere; it must not come to the
    // target after that.
    if (isAnythingActive()) socket.abort();
    else socket.close();
    owner.down(this, reason, status);
    for (HostCommand command : commands) {
      if (!command.active) continue;
      command.active = false;
      HostCommand.Owner to = command.owner;
      if (to != null) to.lost(command, status);
    }
    while (!waiting.isEmpty()) waiting.remove().run();
    // Not at once: the receiver that found the end may be reading its memory.
    reactor.execute(memory::close);
  }
}
