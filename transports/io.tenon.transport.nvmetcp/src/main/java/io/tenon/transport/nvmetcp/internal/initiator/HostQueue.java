package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Memory;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.ParkedInitiatorConnection;
import io.tenon.nvme.ParkedInitiatorConnection.KeepAlives;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a controller: one queue, admin or I/O. {@link HostReceiver} takes PDUs in, {@link HostSender} takes commands and their
 * data out.
 *
 * <pre>
 * Connecting ─► Initializing ─► Ready ─► Leaving ─► Left     parked for another version of this bundle
 *      │              │           │         │
 *      └──────────────┴───────────┴─────────┴─► Closed
 * </pre>
 *
 * One that another version has left begins in Ready. Its reactor only.
 */
final class HostQueue implements SocketHandler {
  /** Data of a capsule of a Fabrics or admin command, TCP Transport 1.0c §3.3.2.2. */
  static final int FABRICS_CAPSULE_BYTES = 8192;

  private static final long SHORTEST_CHECK_NS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long LONGEST_CHECK_NS = TimeUnit.SECONDS.toNanos(1);
  private static final int CHECKS_PER_TIMEOUT = 8;

  /** A controller that does not answer for so long is left without its connections. */
  private static final long LEAVE_WITHIN_NS = TimeUnit.SECONDS.toNanos(5);

  private enum State {
    CONNECTING,
    INITIALIZING,
    READY,
    LEAVING,
    LEFT,
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

  /** Answers that nobody waits for. */
  static final HostCommand.Owner NOBODY =
      new HostCommand.Owner() {
        @Override
        public void answered(HostCommand command, long result, int status) {
          // that it came is enough
        }

        @Override
        public void lost(HostCommand command, IoStatus status) {
          // the queue's owner knows
        }
      };

  /** How it comes by its socket. */
  private interface Way {
    StreamSocket of(HostQueue queue) throws SocketException;
  }

  private final Reactor reactor;
  private final QueueParameters parameters;
  private final Owner owner;
  private final HostMemory memory;
  private final HostReceiver receiver;
  private final HostSender sender;
  private final StreamSocket socket;
  private final Runnable flush = this::flush;
  private final HostCommands commands;

  /** Who waits for a free command, and is no I/O: few, and seldom. */
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

  private State state = State.CONNECTING;
  private boolean flushScheduled;
  private int maxH2cDataBytes;
  private Reactor.@Nullable Timer timer;

  // While it leaves.
  private @Nullable CompletableFuture<Optional<LeftQueue>> leaving;
  private long keepAliveEveryNs;
  private Reactor.@Nullable Timer leaveTimer;

  private HostQueue(Reactor reactor, QueueParameters parameters, Owner owner, Way way)
      throws SocketException, LinuxException {
    this.reactor = reactor;
    this.parameters = parameters;
    this.owner = owner;
    this.memory = new HostMemory(parameters);
    var digest = new Digest();
    this.sender = new HostSender(this, memory, parameters, digest);
    this.commands = new HostCommands(memory, parameters.commands());
    try {
      this.socket = way.of(this);
    } catch (SocketException e) {
      memory.close();
      throw e;
    }
    this.receiver = new HostReceiver(this, socket, memory.receive(), digest, parameters);
  }

  /**
   * Starts to connect.
   *
   * @param connectWithinNs until ready
   */
  static HostQueue connect(
      Reactor reactor,
      InetSocketAddress address,
      QueueParameters parameters,
      long connectWithinNs,
      Owner owner)
      throws SocketException, LinuxException {
    var queue = new HostQueue(reactor, parameters, owner, made -> reactor.connect(address, made));
    queue.timer =
        reactor.schedule(
            connectWithinNs, () -> queue.close("no connection in time", IoStatus.TIMED_OUT));
    return queue;
  }

  /**
   * One that another version of this bundle has left; {@link #goOn} follows.
   *
   * @throws SocketException when it has ended meanwhile
   */
  static HostQueue adopt(LeftQueue left, QueueParameters parameters, Owner owner)
      throws SocketException, LinuxException {
    var parked = left.connection();
    return new HostQueue(
        parked.reactor(),
        parameters,
        owner,
        made ->
            parked
                .adopt(made)
                .orElseThrow(
                    () ->
                        new SocketException(
                            "A connection was not taken over.", "It broke meanwhile.", "")));
  }

  /**
   * From where its predecessor has left.
   *
   * @param events who is told the answers to requests for events
   */
  void goOn(LeftQueue left, HostCommand.Owner events) {
    state = State.READY;
    maxH2cDataBytes = left.maxH2cDataBytes();
    for (int id : left.events()) expect(id, Opcode.ASYNC_EVENT_REQUEST, events, true);
    int sent = left.connection().keepAlivesSent();
    for (int id : left.keepAlives().subList(0, sent)) {
      expect(id, Opcode.KEEP_ALIVE, NOBODY, false);
    }
    scheduleCheck();
    owner.ready(this);
    receiver.goOn(left.received());
    if (isOpen()) socket.reading(true);
  }

  /** The controller has this command from our predecessor. */
  private void expect(int id, int opcode, HostCommand.Owner to, boolean isPatient) {
    HostCommand command = commands.take(id);
    command.prepare(opcode, 0);
    command.owner = to;
    command.isPatient = isPatient;
    command.active = true;
    command.startedNs = reactor.nowNs();
  }

  Reactor reactor() {
    return reactor;
  }

  QueueParameters parameters() {
    return parameters;
  }

  boolean isOpen() {
    return state != State.CLOSED && state != State.LEFT;
  }

  /** Most data of one H2CData PDU, as the controller said. */
  int maxH2cDataBytes() {
    return maxH2cDataBytes;
  }

  // SocketHandler

  @Override
  public void connected() {
    state = State.INITIALIZING;
    sender.icReq();
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
    stopTimers();
    scheduleCheck();
    owner.ready(this);
  }

  @Nullable HostCommand active(int id) {
    return commands.active(id);
  }

  /** All that was queued for the command has been sent, so that an answer can be one. */
  boolean isSent(HostCommand command) {
    return sender.isSent(command);
  }

  void answered(HostCommand command, long result, int status) {
    command.active = false;
    HostCommand.Owner to = command.owner;
    if (to == null) throw Check.bug("answer to command %d of nobody", command.id);
    commands.give(command);
    if (!waiting.isEmpty()) waiting.remove().run();
    to.answered(command, result, status);
    if (state == State.LEAVING) leaveLater();
  }

  /** The controller asks for {@code length} bytes of a write, from where it has got so far; checked. */
  void sendData(HostCommand command, int offset, int length, int tag) {
    command.movedBytes = offset + length;
    sender.data(command, offset, length, tag, maxH2cDataBytes);
  }

  /** Tells the controller what was wrong with its PDU, and ends the connection. */
  void terminate(Fatal fatal, long information, long header, int headerBytes) {
    sender.termination(fatal, information, header, headerBytes);
    sender.flush(socket);
    close("the controller broke the protocol: " + fatal.text(information), IoStatus.DEVICE_GONE);
  }

  // For whoever sends commands.

  boolean hasFree() {
    return state == State.READY && commands.isAnyFree();
  }

  /** Runs it when there is a free command, before I/O gets it, or when the connection is over. */
  void whenFree(Runnable task) {
    if (state == State.READY && !commands.isAnyFree()) waiting.add(task);
    else task.run();
  }

  /** A free command; see {@link #hasFree}. To be submitted before anything else happens. */
  HostCommand take(HostCommand.Owner to) {
    HostCommand command = commands.take();
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
    sender.command(command);
  }

  /** For what the sender has now. */
  void scheduleFlush() {
    if (flushScheduled) return;
    flushScheduled = true;
    reactor.atEndOfRound(flush);
  }

  private void flush() {
    flushScheduled = false;
    if (!isOpen()) return;
    sender.flush(socket);
    if (state == State.LEAVING) leaveLater();
  }

  // Leaves.

  /**
   * Begins nothing more, and is parked when the controller has answered all but the requests for events. Any thread.
   *
   * @param keepAliveNs how often the controller must hear of it meanwhile; 0 for never
   * @return empty when it is over, or is before that
   */
  CompletableFuture<Optional<LeftQueue>> leave(long keepAliveNs) {
    var left = new CompletableFuture<Optional<LeftQueue>>();
    reactor.execute(
        () -> {
          if (state != State.READY) {
            left.complete(Optional.empty());
            return;
          }
          state = State.LEAVING;
          leaving = left;
          keepAliveEveryNs = keepAliveNs;
          refuseWaiting();
          leaveTimer = reactor.schedule(LEAVE_WITHIN_NS, this::leavesTooLong);
          leaveIfQuiet();
        });
    return left;
  }

  private void leavesTooLong() {
    close(
        "the controller has not answered all by the time that it was to be left", IoStatus.ABORTED);
  }

  /** Not at once: what called us may be in the middle of a PDU. */
  private void leaveLater() {
    reactor.execute(this::leaveIfQuiet);
  }

  private void leaveIfQuiet() {
    var to = leaving;
    if (state != State.LEAVING || to == null) return;
    if (commands.isAnyAwaited() || !sender.isEmpty()) return;
    state = State.LEFT;
    stopTimers();
    var keepAlives = new ArrayList<Integer>();
    var capsules = new ArrayList<byte[]>();
    for (HostCommand command : keepAliveEveryNs > 0 ? commands.free() : List.<HostCommand>of()) {
      command.prepare(Opcode.KEEP_ALIVE, 0);
      keepAlives.add(command.id);
      capsules.add(sender.copyOf(command));
    }
    var parked = ParkedInitiatorConnection.park(socket, new KeepAlives(capsules, keepAliveEveryNs));
    var left =
        new LeftQueue(
            parked,
            parameters.entries(),
            parameters.capsuleBytes(),
            parameters.maxTransferBytes(),
            maxH2cDataBytes,
            commands.active(),
            keepAlives,
            receiver.left());
    commands.lose(IoStatus.ABORTED);
    reactor.execute(memory::close);
    to.complete(Optional.of(left));
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
    HostCommand overdue = commands.overdue(now, parameters.timeoutNs());
    if (overdue != null) {
      close(
          "no answer for %d ms to a command with opcode 0x%02x"
              .formatted(
                  TimeUnit.NANOSECONDS.toMillis(now - overdue.startedNs),
                  Memory.getU8(overdue.sqe() + Sqe.OPCODE)),
          IoStatus.TIMED_OUT);
      return;
    }
    scheduleCheck();
  }

  private void stopTimers() {
    timer = stopped(timer);
    leaveTimer = stopped(leaveTimer);
  }

  private static Reactor.@Nullable Timer stopped(Reactor.@Nullable Timer running) {
    if (running != null) running.cancel();
    return null;
  }

  /** Ends the connection; what was active is lost with {@code status}. Idempotent. */
  void close(String reason, IoStatus status) {
    if (!isOpen()) return;
    state = State.CLOSED;
    stopTimers();
    // Whoever is told that a write failed may write there again elsewhere; it must not come to the
    // target after that.
    if (commands.isAnyActive()) socket.abort();
    else socket.close();
    owner.down(this, reason, status);
    commands.lose(status);
    refuseWaiting();
    if (leaving != null) leaving.complete(Optional.empty());
    // Not at once: the receiver that found the end may be reading its memory.
    reactor.execute(memory::close);
  }

  /** They find that there is no command for them, and will be none. */
  private void refuseWaiting() {
    while (!waiting.isEmpty()) waiting.remove().run();
  }
}
