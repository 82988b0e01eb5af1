package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.QueueTransport;
import io.tenon.reactor.Reactor;
import java.util.function.Consumer;

/**
 * The model's end of a connection. Its {@link Role} changes once, by Connect.
 *
 * <pre>
 * {@link Unconnected} ─► {@link AdminQueue}
 *       └──────► {@link IoQueue}
 * </pre>
 */
final class ConnectedQueue implements NvmeQueue {
  private QueueTransport transport;
  private final Reactor reactor;
  private Role role;
  private int depth = 1;
  private boolean gone;

  ConnectedQueue(Target target, QueueTransport transport, Reactor reactor) {
    this.transport = transport;
    this.reactor = reactor;
    this.role = new Unconnected(target, this);
  }

  @Override
  public QueueTransport transport() {
    return transport;
  }

  Reactor reactor() {
    return reactor;
  }

  /** The connection is over; only what is in flight still ends. */
  boolean isGone() {
    return gone;
  }

  void become(Role next, int entries) {
    role = next;
    depth = entries;
    transport.resize(entries);
  }

  /** From any thread: ends the connection. */
  void disconnect(String reason) {
    reactor.execute(
        () -> {
          if (!gone) transport.disconnect(reason);
        });
  }

  @Override
  public void begin(NvmeCommand command) {
    role.begin(command);
  }

  @Override
  public void execute(NvmeCommand command) {
    role.execute(command);
  }

  @Override
  public void end(NvmeCommand command) {
    role.end(command);
  }

  @Override
  public boolean consumesInline() {
    return role.consumesInline();
  }

  @Override
  public int depth() {
    return depth;
  }

  @Override
  public int queueId() {
    return role.queueId();
  }

  @Override
  public String nqn() {
    return role.nqn();
  }

  @Override
  public void disconnected(String reason) {
    if (gone) return;
    gone = true;
    role.disconnected(reason);
  }

  @Override
  public void transport(QueueTransport successor) {
    transport = successor;
  }

  @Override
  public boolean awaitsCapsule() {
    return role.awaitsCapsule();
  }

  @Override
  public int restingCommands() {
    return role.restingCommands();
  }

  @Override
  public void recall(Consumer<NvmeCommand> resting) {
    role.recall(resting);
  }
}
