package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.linux.LinuxException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportType;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;
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
  private static final long WITHIN_S = 10;

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
   * @throws TenonException when the port is in use, or the address not one of this machine
   */
  TargetPort(Reactors reactors, NvmeTarget target, TargetOptions options) throws TenonException {
    this.reactors = reactors.all();
    this.target = target;
    this.limits = ConnectionLimits.of(options.limits());
    this.listener = listen(reactors.main(), options.address());
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
    return "nvmf+tcp";
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
      var connection = new TargetConnection(socket, target, limits, this);
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

  /** Until no reactor is in the middle of accepting: whatever is accepted from now on is refused. */
  private void settle() {
    for (Reactor reactor : reactors) {
      var passed = new CompletableFuture<Void>();
      reactor.execute(() -> passed.complete(null));
      await(passed, "a reactor does not answer");
    }
  }

  private static void await(CompletableFuture<?> future, String otherwise) {
    try {
      future.get(WITHIN_S, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      log.error("the NVMe/TCP target does not end: {}", otherwise);
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
    List<TargetConnection> open;
    CompletableFuture<?>[] ends;
    synchronized (connections) {
      open = List.copyOf(connections.keySet());
      ends = connections.values().toArray(CompletableFuture[]::new);
    }
    open.forEach(TargetConnection::shutdown);
    await(CompletableFuture.allOf(ends), "connections still wait for their devices");
  }
}
