package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.linux.LinuxException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportHandover;
import io.tenon.nvme.TransportType;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port that hosts connect to, and the connections that came through it. Opened and closed by any thread but a
 * reactor's.
 */
final class TargetPort
    implements Transport, Reactor.Acceptor, TargetConnection.Owner, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TargetPort.class);
  private static final String URI_SCHEME = "nvmf+tcp";
  private static final long WITHIN_S = 10;

  /** A connection whose devices do not answer for so long is not handed over but ended. */
  private static final long LEAVE_WITHIN_S = 5;

  private final Reactor main;
  private final List<Reactor> reactors;
  private final NvmeTarget target;
  private final ConnectionLimits limits;
  private final ListenSocket listener;

  /** Each with the future that tells when it holds nothing any more; in the order of their coming. */
  private final Map<TargetConnection, CompletableFuture<Void>> connections =
      Collections.synchronizedMap(new LinkedHashMap<>());

  private volatile boolean closing;

  // Main reactor only.
  private int next;

  /**
   * Goes on with what its predecessor has left to {@code target}, if it has.
   *
   * @throws TenonException when the port is in use, the address not one of this machine, or what was left is not understood; what was
   *     left is with {@code target} again then
   */
  TargetPort(Reactors reactors, NvmeTarget target, TargetOptions options) throws TenonException {
    this.main = reactors.main();
    this.reactors = reactors.all();
    this.target = target;
    this.limits = ConnectionLimits.of(options.limits());
    var left = target.takeOver(URI_SCHEME);
    try {
      this.listener =
          left.isPresent()
              ? takeOver(left.get(), options.address())
              : listen(main, options.address());
    } catch (TenonException e) {
      left.ifPresent(target::handOver);
      throw e;
    }
  }

  /** Nothing has been touched when this throws. */
  private ListenSocket takeOver(TransportHandover left, InetSocketAddress address)
      throws TenonException {
    if (!left.reactor().equals(main)) {
      left.end("its reactors have gone");
      return listen(main, address);
    }
    var records = new ArrayList<ConnectionRecord>();
    for (var parked : left.connections()) records.add(ConnectionRecord.decode(parked.record()));
    var port = left.port();
    if (!serves(port.local(), address)) {
      port = listen(main, address);
      left.port().close();
    }
    for (int i = 0; i < records.size(); i++) {
      var parked = left.connections().get(i);
      var record = records.get(i);
      parked.socket().reactor().execute(() -> adopt(parked, record));
    }
    log.info("{} connections are taken over", records.size());
    port.resume(this);
    return port;
  }

  private static boolean serves(InetSocketAddress there, InetSocketAddress wanted) {
    return there.getAddress().equals(wanted.getAddress())
        && (wanted.getPort() == 0 || wanted.getPort() == there.getPort());
  }

  private void adopt(ParkedConnection parked, ConnectionRecord record) {
    if (!parked.isParked()) return;
    if (closing) {
      parked.end("the transport stops");
      return;
    }
    try {
      var connection = TargetConnection.adopt(parked, record, this);
      connections.put(connection, new CompletableFuture<>());
      connection.goOn(record);
    } catch (LinuxException e) {
      log.error("the connection of {} ends: {}", parked.peer(), e.getMessage());
      parked.end("there is no memory for it");
    }
  }

  private ListenSocket listen(Reactor main, InetSocketAddress address) throws TenonException {
    var listening = new CompletableFuture<ListenSocket>();
    main.execute(
        () -> {
          try {
            listening.complete(main.listen(address, this));
          } catch (TenonException e) {
            listening.completeExceptionally(e);
          }
        });
    try {
      return listening.get(WITHIN_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TenonException refused) throw refused;
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new TenonException(
          "The NVMe/TCP target does not listen.", "The reactor does not answer.", "", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TenonException("The NVMe/TCP target does not listen.", "Interrupted.", "", e);
    }
  }

  @Override
  public TransportType type() {
    return TransportType.TCP;
  }

  @Override
  public String uriScheme() {
    return URI_SCHEME;
  }

  @Override
  public List<InetSocketAddress> listening() {
    return List.of(listener.local());
  }

  @Override
  public Reactor choose(InetSocketAddress peer) {
    next = (next + 1) % reactors.size();
    return reactors.get(next);
  }

  @Override
  public SocketHandler accepted(StreamSocket socket) {
    if (closing) return refuse(socket);
    try {
      var connection = TargetConnection.accept(socket, target, limits, this);
      connections.put(connection, new CompletableFuture<>());
      return connection;
    } catch (LinuxException e) {
      log.error("the connection of {} is refused: {}", socket.peer(), e.getMessage());
      return refuse(socket);
    }
  }

  private static SocketHandler refuse(StreamSocket socket) {
    socket.close();
    return new Refused();
  }

  /** For a socket that is closed already. */
  private static final class Refused implements SocketHandler {
    @Override
    public int readable() {
      return 0;
    }

    @Override
    public void writable() {
      // nothing was sent
    }

    @Override
    public void closed(String reason) {
      // we have closed it
    }
  }

  @Override
  public void gone(TargetConnection connection) {
    var over = connections.remove(connection);
    if (over != null) over.complete(null);
  }

  /** Connections open, or waiting for what is in flight. */
  int connections() {
    return connections.size();
  }

  /** Until no reactor is in the middle of accepting. */
  private void settle() {
    pass(main);
    reactors.forEach(TargetPort::pass);
  }

  private static void pass(Reactor reactor) {
    var passed = new CompletableFuture<Void>();
    reactor.execute(() -> passed.complete(null));
    await(passed, WITHIN_S, "a reactor does not answer");
  }

  private static void await(CompletableFuture<?> future, long withinS, String otherwise) {
    try {
      future.get(withinS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      log.error("the NVMe/TCP target is stopping: {}", otherwise);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends all connections and waits for what their devices still have. */
  @Override
  public void close() {
    closing = true;
    listener.close();
    settle();
    end("connections still wait for their devices");
  }

  private void end(String otherwise) {
    List<TargetConnection> open;
    CompletableFuture<?>[] ends;
    synchronized (connections) {
      open = List.copyOf(connections.keySet());
      ends = connections.values().toArray(CompletableFuture[]::new);
    }
    open.forEach(TargetConnection::shutdown);
    await(CompletableFuture.allOf(ends), WITHIN_S, otherwise);
  }

  /**
   * Gives its connections, when each has ended what it has begun, and the port to a successor. Who connects from now on waits.
   * Connections whose devices do not answer within 5 s end. Those of admin queues leave last, and are answered until then: a host
   * whose keep-alive waited for another's slow I/O would think that we are dead.
   */
  TransportHandover leave() {
    listener.pause();
    settle();
    var parked = Collections.synchronizedList(new ArrayList<ParkedConnection>());
    await(leaving(true, parked), LEAVE_WITHIN_S, "connections do not come to rest, and end");
    await(leaving(false, parked), LEAVE_WITHIN_S, "connections do not come to rest, and end");
    closing = true;
    end("connections still wait for their devices");
    return new TransportHandover(type(), URI_SCHEME, main, listener, parked);
  }

  private CompletableFuture<?> leaving(boolean onlyIo, List<ParkedConnection> parked) {
    var ends = new ArrayList<CompletableFuture<Void>>();
    synchronized (connections) {
      connections.forEach(
          (connection, gone) ->
              ends.add(
                  connection
                      .leaveTo(onlyIo, parked::add)
                      .thenCompose(
                          leaves -> leaves ? gone : CompletableFuture.completedFuture(null))));
    }
    return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
  }
}
