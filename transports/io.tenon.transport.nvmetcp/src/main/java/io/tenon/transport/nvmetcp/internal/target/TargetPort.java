package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
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
import java.util.List;
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
final class TargetPort implements Transport, Reactor.Acceptor, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TargetPort.class);
  static final String URI_SCHEME = "nvmf+tcp";
  private static final long WITHIN_S = 10;

  private final Reactor main;
  private final List<Reactor> reactors;
  private final NvmeTarget target;
  private final ConnectionLimits limits;
  private final ListenSocket listener;

  private final HostConnections hosts = new HostConnections();

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
    var understood = HostConnections.understand(left.connections());
    var port = left.port();
    if (!serves(port.local(), address)) {
      port = listen(main, address);
      left.port().close();
    }
    var _ =
        hosts
            .goOn(understood)
            .thenAccept(remaining -> remaining.forEach(TargetPort::endOnItsReactor));
    log.info("{} connections are taken over", understood.count());
    port.resume(this);
    return port;
  }

  private static boolean serves(InetSocketAddress there, InetSocketAddress wanted) {
    return there.getAddress().equals(wanted.getAddress())
        && (wanted.getPort() == 0 || wanted.getPort() == there.getPort());
  }

  private static void endOnItsReactor(ParkedConnection parked) {
    parked.socket().reactor().execute(() -> parked.end("the transport cannot go on with it"));
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
    return hosts.accepted(socket, target, limits);
  }

  /** Those that came through this port, or were taken over. */
  HostConnections hosts() {
    return hosts;
  }

  /** Connections open, or waiting for what is in flight. */
  int connections() {
    return hosts.count();
  }

  /** Until no reactor is in the middle of accepting. */
  private void settle() {
    pass(main);
    reactors.forEach(TargetPort::pass);
  }

  private static void pass(Reactor reactor) {
    var passed = new CompletableFuture<Void>();
    reactor.execute(() -> passed.complete(null));
    var _ = HostConnections.await(List.of(passed), WITHIN_S, "a reactor does not answer");
  }

  /** Ends all connections and waits for what their devices still have. */
  @Override
  public void close() {
    hosts.refuseAll();
    listener.close();
    settle();
    hosts.end();
  }

  /**
   * Gives its connections, when each has ended what it has begun, and the port to a successor. Who connects from now on waits.
   * Connections whose devices do not answer within 5 s end.
   */
  TransportHandover leave() {
    listener.pause();
    settle();
    var parked = Collections.synchronizedList(new ArrayList<ParkedConnection>());
    var _ = hosts.leave(_ -> true, parked);
    hosts.end();
    return new TransportHandover(type(), URI_SCHEME, main, listener, parked);
  }
}
