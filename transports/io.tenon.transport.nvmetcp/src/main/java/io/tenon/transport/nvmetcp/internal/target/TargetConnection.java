package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TransportLimits;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a host: one queue. {@link PduReceiver} takes PDUs in, {@link CommandFlow} brings commands to the model, {@link
 * SendQueue} takes responses out.
 *
 * <pre>
 * Open ─► Ending ─► Closed          the model has asked for it, what is queued goes out first
 *   ├───► Terminated ─► Closed      a malformed PDU; the host reads our termination request and closes
 *   ├───► Left                      parked for another version of this bundle
 *   └───► Closed
 * </pre>
 *
 * <p>The reactor of the socket only.
 */
final class TargetConnection implements SocketHandler, QueueTransport {
  private static final Logger log = LoggerFactory.getLogger(TargetConnection.class);

  /** A host that connects and says nothing does not keep its socket. */
  private static final long CONNECT_WITHIN_NS = TimeUnit.SECONDS.toNanos(30);

  /** A host has this long to take what is queued, or to close after a termination request. */
  private static final long END_WITHIN_NS = TimeUnit.SECONDS.toNanos(2);

  private enum State {
    OPEN,
    ENDING,
    TERMINATED,
    LEFT,
    CLOSED
  }

  /** Told when a connection is over and holds nothing any more. */
  interface Owner {
    void gone(TargetConnection connection);
  }

  private final StreamSocket socket;
  private final Reactor reactor;
  private final BufferPool pool;
  private final ConnectionLimits limits;
  private final Owner owner;
  private final ConnectionMemory memory;
  private final PduReceiver receiver;
  private final SendQueue sending;
  private final NvmeQueue queue;
  private final CommandFlow flow;
  private final Runnable flush = this::flush;
  private final Runnable leaveCheck = this::leaveIfQuiet;
  private final Reactor.Timer connectTimer;

  private final CommandSlots slots;
  private int inFlight;
  private int sqhd;

  private boolean agreed;
  private boolean headerDigest;
  private boolean dataDigest;
  private int hpda;

  private State state = State.OPEN;
  private String reason = "";
  private boolean flushScheduled;
  private boolean told;
  private Reactor.@Nullable Timer endTimer;

  /** Who wants it as soon as nothing is on its way. */
  private @Nullable Consumer<ParkedConnection> leavingTo;

  private long leavingSinceNs;

  private boolean leaveCheckIsDue;

  private TargetConnection(
      StreamSocket socket,
      ConnectionLimits limits,
      Owner owner,
      Function<QueueTransport, NvmeQueue> model)
      throws LinuxException {
    this.socket = socket;
    this.reactor = socket.reactor();
    this.pool = reactor.buffers();
    this.limits = limits;
    this.owner = owner;
    this.memory = new ConnectionMemory(limits);
    var digest = new Digest();
    this.receiver = new PduReceiver(this, socket, memory, digest, limits);
    this.sending = new SendQueue(this, socket, memory, digest, limits.maxSlots());
    this.slots = new CommandSlots(this, memory);
    resize(1);
    this.queue = model.apply(this);
    this.flow = new CommandFlow(this, queue, sending, pool, memory, limits.maxH2cDataBytes());
    this.connectTimer = reactor.schedule(CONNECT_WITHIN_NS, this::checkConnected);
  }

  /** Of a host that has just connected. */
  static TargetConnection accept(
      StreamSocket socket, NvmeTarget target, ConnectionLimits limits, Owner owner)
      throws LinuxException {
    var reactor = socket.reactor();
    return new TargetConnection(socket, limits, owner, made -> target.accept(made, reactor));
  }

  /** Of a host that another version of this bundle has served; {@link #goOn} follows. */
  static TargetConnection adopt(ParkedConnection parked, ConnectionRecord record, Owner owner)
      throws LinuxException {
    var limits = ConnectionLimits.of(parked.limits());
    if (record.agreed()) limits = limits.withMaxH2cDataBytes(record.maxH2cDataBytes());
    return new TargetConnection(parked.socket(), limits, owner, parked::adopt);
  }

  /** From where its predecessor has left. */
  void goOn(ConnectionRecord record) {
    socket.handler(this);
    resize(queue.depth());
    sqhd = record.sqhd();
    if (record.agreed()) agree(record.headerDigest(), record.dataDigest(), record.hpda());
    if (record.commands().size() > slots.free() || !receiver.takeOver(record.received())) {
      close("its predecessor has left more than there is room for");
      return;
    }
    for (byte[] entry : record.commands()) {
      TargetCommand command = slots.take();
      Memory.copy(entry, 0, command.sqe(), Sqe.LENGTH_BYTES);
      inFlight++;
      flow.begin(command, 0, 0, true);
    }
    receiver.goOn();
    if (state == State.OPEN) socket.reading(true);
  }

  // QueueTransport

  @Override
  public TransportLimits limits() {
    return limits.transport();
  }

  @Override
  public InetSocketAddress local() {
    return socket.local();
  }

  @Override
  public InetSocketAddress peer() {
    return socket.peer();
  }

  @Override
  public void resize(int depth) {
    if (depth > limits.maxSlots()) {
      throw Check.bug("queue of %d entries, at most %d", depth, limits.maxSlots());
    }
    slots.grow(depth);
  }

  @Override
  public void disconnect(String why) {
    if (state != State.OPEN) return;
    end(State.ENDING, why);
    scheduleFlush();
  }

  /** Any thread. */
  void shutdown() {
    reactor.execute(() -> close("the transport stops"));
  }

  // SocketHandler

  @Override
  public int readable() {
    return switch (state) {
      case OPEN -> takesInput() ? receiver.receive() : 0;
      case TERMINATED -> receiver.discard();
      case ENDING, LEFT, CLOSED -> 0;
    };
  }

  @Override
  public void writable() {
    flush();
  }

  @Override
  public void closed(String why) {
    close(why);
  }

  // For the receiver.

  boolean takesInput() {
    return state == State.OPEN && (leavingTo == null || awaitsInput());
  }

  /** Large data is on its way into commands' buffers: do not receive too much of it here. */
  boolean awaitsLargeData() {
    return flow.awaitsLargeData();
  }

  /** Before Connect a queue may be the admin queue, which has larger capsules. */
  int maxCapsuleDataBytes() {
    return queue.queueId() > 0 ? limits.transport().inCapsuleBytes() : limits.maxCapsuleBytes();
  }

  void initialize(int wantedAlignment, int wantedDigests) {
    sending.icResp(
        wantedDigests & (Pdu.IC_HEADER_DIGEST | Pdu.IC_DATA_DIGEST), limits.maxH2cDataBytes());
    agree(
        (wantedDigests & Pdu.IC_HEADER_DIGEST) != 0,
        (wantedDigests & Pdu.IC_DATA_DIGEST) != 0,
        wantedAlignment);
    scheduleFlush();
  }

  private void agree(boolean withHeaderDigest, boolean withDataDigest, int alignment) {
    agreed = true;
    headerDigest = withHeaderDigest;
    dataDigest = withDataDigest;
    hpda = alignment;
    receiver.agree(headerDigest, dataDigest);
    sending.agree(headerDigest, dataDigest, hpda);
    flow.agree(dataDigest);
  }

  /**
   * @param pdu address of a whole and checked header; its entry is copied
   * @param intact the data's digest is right
   */
  void capsule(long pdu, long data, int dataBytes, boolean intact) {
    if (slots.free() == 0) {
      terminate(Fatal.LIMIT_EXCEEDED, 0, pdu, Pdu.CMD_BYTES);
      return;
    }
    TargetCommand command = slots.take();
    Memory.copy(pdu + Pdu.ENTRY, command.sqe(), Sqe.LENGTH_BYTES);
    inFlight++;
    flow.begin(command, data, dataBytes, intact);
  }

  /** The command that waits for data with this transfer tag. */
  @Nullable TargetCommand receiving(int tag) {
    return slots.receiving(tag);
  }

  /** As {@link CommandFlow#readsInPlace}. */
  boolean readsInPlace(TargetCommand command) {
    return flow.readsInPlace(command);
  }

  /** As {@link CommandFlow#received}. */
  void received(TargetCommand command, long address, int length, boolean intact) {
    flow.received(command, address, length, intact);
  }

  // Commands on their way.

  boolean isLeaving() {
    return leavingTo != null;
  }

  /** Commands may begin what needs more than is here. */
  boolean startsMore() {
    return state == State.OPEN && leavingTo == null;
  }

  /** By the model, or by ourselves when it did not come to that. */
  void respond(TargetCommand command) {
    command.become(TargetCommand.State.RESPONDING);
    if (state == State.TERMINATED || state == State.CLOSED) {
      sent(command);
      return;
    }
    if (++sqhd >= queue.depth()) sqhd = 0;
    sending.response(command, sqhd);
    scheduleFlush();
  }

  /** The kernel has all of the response, or nobody wants it any more. */
  void sent(TargetCommand command) {
    if (command.isLent()) command.giveBack();
    if (command.buffer != 0) {
      pool.give(command.buffer, command.bufferBytes);
      command.buffer = 0;
    }
    command.failure = 0;
    command.receivedBytes = 0;
    command.requestedBytes = 0;
    command.become(TargetCommand.State.FREE);
    slots.give(command);
    inFlight--;
    queue.end(command);
    if (state == State.CLOSED && inFlight == 0) release();
    else if (leavingTo != null) leaveLater();
  }

  void scheduleFlush() {
    if (flushScheduled) return;
    flushScheduled = true;
    reactor.atEndOfRound(flush);
  }

  void flush() {
    flushScheduled = false;
    if (isOver()) return;
    boolean all = sending.flush();
    if (!all) return;
    if (leavingTo != null) leaveLater();
    flow.serveWaiting();
    if (state == State.ENDING) close(reason);
  }

  private boolean isOver() {
    return state == State.LEFT || state == State.CLOSED;
  }

  // Leaves.

  /**
   * Begins nothing that needs more than what is here, and leaves when all else has ended; {@link Owner#gone} follows. Any thread.
   *
   * @param wanted asked of its queue; otherwise it stays
   * @param to not called when the connection ends instead
   * @return whether it leaves, or has ended
   */
  CompletableFuture<Boolean> leaveTo(Predicate<NvmeQueue> wanted, Consumer<ParkedConnection> to) {
    var leaves = new CompletableFuture<Boolean>();
    reactor.execute(
        () -> {
          boolean goes = wanted.test(queue);
          leaves.complete(goes);
          if (!goes || state != State.OPEN || leavingTo != null) return;
          leavingTo = to;
          leavingSinceNs = reactor.nowNs();
          leaveIfQuiet();
        });
    return leaves;
  }

  /** Goes on as if it had not been asked to leave, unless it has left or ended. Any thread. */
  CompletableFuture<Void> stay() {
    var done = new CompletableFuture<Void>();
    reactor.execute(
        () -> {
          if (leavingTo != null && state == State.OPEN) {
            leavingTo = null;
            flow.goOn();
            receiver.goOn();
            if (state == State.OPEN) socket.reading(true);
          }
          done.complete(null);
        });
    return done;
  }

  /** What is on its way here must come whole before the connection can leave. */
  private boolean awaitsInput() {
    return slots.isReceiving() || queue.awaitsCapsule();
  }

  /** Nothing is on its way but what can begin anew. */
  private boolean isQuiet() {
    return slots.areQuiet(queue.restingCommands()) && sending.isEmpty();
  }

  /** Not at once: what called us may be in the middle of a PDU. */
  private void leaveLater() {
    if (leaveCheckIsDue) return;
    leaveCheckIsDue = true;
    reactor.execute(leaveCheck);
  }

  private void leaveIfQuiet() {
    leaveCheckIsDue = false;
    var to = leavingTo;
    if (to == null || state != State.OPEN) return;
    socket.reading(awaitsInput());
    if (!isQuiet()) return;
    var record = record();
    state = State.LEFT;
    connectTimer.cancel();
    release();
    to.accept(
        ParkedConnection.park(socket, queue, limits.transport(), record.encode(), leavingSinceNs));
  }

  private ConnectionRecord record() {
    var entries = new ArrayList<byte[]>();
    queue.recall(resting -> takeBack((TargetCommand) resting, entries));
    flow.takeBack(waiting -> takeBack(waiting, entries));
    return new ConnectionRecord(
        agreed,
        headerDigest,
        dataDigest,
        hpda,
        limits.maxH2cDataBytes(),
        sqhd,
        entries,
        receiver.left());
  }

  private void takeBack(TargetCommand command, List<byte[]> entries) {
    var entry = new byte[Sqe.LENGTH_BYTES];
    Memory.copy(command.sqe(), entry, 0, entry.length);
    entries.add(entry);
    sent(command);
  }

  // Ends.

  /** Tells the host what was wrong with its PDU, and takes nothing from it any more. */
  void terminate(Fatal fatal, long information, long pdu, int headerBytes) {
    if (state != State.OPEN) return;
    String why = "the host broke the protocol: " + fatal.text(information);
    log.warn("connection of {} is terminated: {}", peer(), why);
    end(State.TERMINATED, why);
    sending.terminate(fatal, information, pdu, headerBytes);
    scheduleFlush();
    tellModel();
  }

  void terminatedByHost(int status, long information) {
    String why = "the host has terminated it: " + Fatal.text(status, information);
    log.warn("connection of {}: {}", peer(), why);
    close(why);
  }

  private void end(State next, String why) {
    state = next;
    reason = why;
    endTimer = reactor.schedule(END_WITHIN_NS, () -> close(reason));
  }

  private void checkConnected() {
    if (state == State.OPEN && queue.queueId() < 0) close("no Connect command within 30 s");
  }

  private void close(String why) {
    if (isOver()) return;
    state = State.CLOSED;
    if (reason.isEmpty()) reason = why;
    log.debug("connection of {} has ended: {}", peer(), reason);
    connectTimer.cancel();
    if (endTimer != null) endTimer.cancel();
    socket.close();
    inFlight++; // so that nothing is released before the end of this method
    tellModel();
    sending.abandon();
    flow.clear();
    slots.endUnstarted();
    if (--inFlight == 0) release();
  }

  private void tellModel() {
    if (told) return;
    told = true;
    queue.disconnected(reason);
  }

  /** Not at once: what called us may still be reading the memory. */
  private void release() {
    reactor.execute(
        () -> {
          memory.close();
          owner.gone(this);
        });
  }
}
