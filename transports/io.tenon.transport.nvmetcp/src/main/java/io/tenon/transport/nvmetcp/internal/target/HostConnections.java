package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.linux.LinuxException;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of hosts that are served here: how they come, leave for another version of this bundle, and end. Any thread but a reactor's, unless
 * said otherwise.
 */
final class HostConnections implements TargetConnection.Owner {
  private static final Logger log = LoggerFactory.getLogger(HostConnections.class);
  private static final long WITHIN_S = 10;

  /** A connection whose devices do not answer for so long does not leave. */
  private static final long LEAVE_WITHIN_S = 5;

  private static final long LEND_WITHIN_S = 1;

  /** Each with the future that tells when it holds nothing any more; in the order of their coming. */
  private final Map<TargetConnection, CompletableFuture<Void>> open =
      Collections.synchronizedMap(new LinkedHashMap<>());

  private volatile boolean closing;

  /** Of a host that has just connected. The socket's reactor only. */
  SocketHandler accepted(StreamSocket socket, NvmeTarget target, ConnectionLimits limits) {
    if (closing) return refuse(socket);
    try {
      var connection = TargetConnection.accept(socket, target, limits, this);
      open.put(connection, new CompletableFuture<>());
      return connection;
    } catch (LinuxException e) {
      log.error("the connection of {} is refused: {}", socket.peer(), e.getMessage());
      return refuse(socket);
    }
  }

  private static SocketHandler refuse(StreamSocket socket) {
    socket.close();
    return SocketHandler.none();
  }

  @Override
  public void gone(TargetConnection connection) {
    var over = open.remove(connection);
    if (over != null) over.complete(null);
  }

  /** Connections open, or waiting for what is in flight. */
  int count() {
    return open.size();
  }

  // Come from another version of this bundle.

  /** A connection with what its predecessor has noted. */
  private record Left(ParkedConnection parked, ConnectionRecord record) {}

  /** What {@link #goOn} takes; nothing is touched before all is understood. */
  static final class Understood {
    private final List<Left> left;

    private Understood(List<Left> left) {
      this.left = left;
    }

    int count() {
      return left.size();
    }
  }

  /**
   * @throws TenonException when one of them is not understood
   */
  static Understood understand(List<ParkedConnection> parked) throws TenonException {
    var left = new ArrayList<Left>();
    for (var one : parked) left.add(new Left(one, ConnectionRecord.decode(one.record())));
    return new Understood(left);
  }

  /**
   * Goes on with them, each on its reactor.
   *
   * @return completes with those that it could not go on with, which are parked still
   */
  CompletableFuture<List<ParkedConnection>> goOn(Understood all) {
    var remaining = Collections.synchronizedList(new ArrayList<ParkedConnection>());
    var steps = new ArrayList<CompletableFuture<Void>>();
    for (Left left : all.left) {
      var step = new CompletableFuture<Void>();
      steps.add(step);
      left.parked()
          .socket()
          .reactor()
          .execute(
              () -> {
                if (!adopts(left.parked(), left.record())) remaining.add(left.parked());
                step.complete(null);
              });
    }
    return CompletableFuture.allOf(steps.toArray(CompletableFuture[]::new))
        .thenApply(_ -> List.copyOf(remaining));
  }

  /** Also false when our own code is broken, in a way that the compiler does not see. */
  private boolean adopts(ParkedConnection parked, ConnectionRecord record) {
    if (!parked.isParked()) return true; // its host has left
    if (closing) return false;
    try {
      var connection = TargetConnection.adopt(parked, record, this);
      open.put(connection, new CompletableFuture<>());
      connection.goOn(record);
      return true;
    } catch (LinuxException e) {
      log.error("there is no memory for the connection of {}: {}", parked.peer(), e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      log.error("the connection of {} is not taken over, by a bug", parked.peer(), e);
    }
    if (parked.isParked()) return false;
    parked.abandon("its transport failed to go on with it");
    return true;
  }

  // Leave.

  /**
   * Parks those that are wanted, when each has ended what it has begun. Those of admin queues leave last, and are answered until then: a host whose
   * keep-alive waited for another's slow I/O would think that we are dead.
   *
   * @param wanted asked on the queue's reactor
   * @param to gets them
   * @return false when some have not come to rest within 5 s; these leave later, unless they are made to {@link #stay} or to {@link #end}
   */
  boolean leave(Predicate<NvmeQueue> wanted, List<ParkedConnection> to) {
    boolean ioLeft = leaving(wanted.and(HostConnections::isIo), to, LEAVE_WITHIN_S);
    boolean allLeft = leaving(wanted, to, LEAVE_WITHIN_S);
    return ioLeft && allLeft;
  }

  /** As {@link #leave}, for those who would rather not leave than wait long. */
  boolean lend(Predicate<NvmeQueue> wanted, List<ParkedConnection> to) {
    return leaving(wanted.and(HostConnections::isIo), to, LEND_WITHIN_S)
        && leaving(wanted, to, LEND_WITHIN_S);
  }

  private static boolean isIo(NvmeQueue queue) {
    return queue.queueId() > 0;
  }

  private boolean leaving(Predicate<NvmeQueue> wanted, List<ParkedConnection> to, long withinS) {
    var ends = new ArrayList<CompletableFuture<Void>>();
    synchronized (open) {
      open.forEach(
          (connection, gone) ->
              ends.add(
                  connection
                      .leaveTo(wanted, to::add)
                      .thenCompose(
                          leaves -> leaves ? gone : CompletableFuture.completedFuture(null))));
    }
    return await(ends, withinS, "connections do not come to rest");
  }

  /** Those that were to leave and have not yet go on. */
  void stay() {
    List<TargetConnection> all;
    synchronized (open) {
      all = List.copyOf(open.keySet());
    }
    await(all.stream().map(TargetConnection::stay).toList(), WITHIN_S, "a reactor does not answer");
  }

  /** Takes nobody any more, ends all and waits for what their devices still have. */
  void end() {
    closing = true;
    List<TargetConnection> all;
    List<CompletableFuture<Void>> ends;
    synchronized (open) {
      all = List.copyOf(open.keySet());
      ends = List.copyOf(open.values());
    }
    all.forEach(TargetConnection::shutdown);
    await(ends, WITHIN_S, "connections still wait for their devices");
  }

  /** From now on nobody is taken. */
  void refuseAll() {
    closing = true;
  }

  /**
   * @param otherwise for the log, when it does not come to that
   */
  static boolean await(List<CompletableFuture<Void>> futures, long withinS, String otherwise) {
    try {
      CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
          .get(withinS, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      log.error("the NVMe/TCP target: {}", otherwise);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }
}
