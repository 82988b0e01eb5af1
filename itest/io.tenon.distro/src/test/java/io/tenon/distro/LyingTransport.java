package io.tenon.distro;

import io.tenon.nvme.ConnectionOwner;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.SubsystemHandover;
import io.tenon.nvme.TransportLimits;
import io.tenon.reactor.SocketHandler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Of a bad bundle: it takes hosts' connections up and carries out none of their commands, or does not even take them up. */
public final class LyingTransport implements BundleActivator {
  /** Header of the bundle: takes the connections and what comes by them, and does nothing about it. */
  static final String HUNG = "X-Hung";

  private static final String URI_SCHEME = "nvmf+tcp";

  private final List<Held> held = new ArrayList<>();
  private NvmeTarget target;
  private String nqn = "";

  @Override
  public void start(BundleContext context) {
    target = context.getService(context.getServiceReference(NvmeTarget.class));
    var headers = context.getBundle().getHeaders("");
    context.registerService(ConnectionOwner.class, new Liar(headers.get(HUNG) != null), null);
  }

  @Override
  public void stop(BundleContext context) {
    if (held.isEmpty()) return;
    var parked = new ArrayList<ParkedConnection>();
    for (var one : held) parked.add(one.on(one::park));
    target.handOver(new SubsystemHandover(URI_SCHEME, nqn, parked));
  }

  private final class Liar implements ConnectionOwner {
    private final boolean takes;

    Liar(boolean takes) {
      this.takes = takes;
    }

    @Override
    public void lend(String asked, ConnectionOwner to) {
      throw new AssertionError("one that is only tried is asked for " + asked);
    }

    @Override
    public void takeUp(String asked) {
      if (!takes) return;
      nqn = asked;
      for (var parked : target.takeOver(URI_SCHEME, asked).orElseThrow().connections()) {
        var one = new Held(parked);
        held.add(one);
        one.on(one::adopt);
      }
    }
  }

  /** A connection whose commands nobody carries out. */
  private static final class Held implements QueueTransport, SocketHandler {
    private static final int SCRATCH_BYTES = 1 << 16;

    private final ParkedConnection before;
    private final MemorySegment scratch = Arena.ofAuto().allocate(SCRATCH_BYTES);
    private NvmeQueue queue;

    Held(ParkedConnection before) {
      this.before = before;
    }

    <T> T on(Supplier<T> step) {
      return CompletableFuture.supplyAsync(step, before.socket().reactor()::execute).join();
    }

    NvmeQueue adopt() {
      queue = before.adopt(this);
      before.socket().handler(this);
      before.socket().reading(true);
      return queue;
    }

    @Override
    public int readable() {
      int got = 1;
      while (got > 0) got = before.socket().receive(scratch.address(), SCRATCH_BYTES);
      return 1;
    }

    @Override
    public void writable() {
      // it says nothing
    }

    @Override
    public void closed(String reason) {
      queue.disconnected(reason);
    }

    ParkedConnection park() {
      long nowNs = before.socket().reactor().nowNs();
      return ParkedConnection.park(before.socket(), queue, limits(), before.record(), nowNs);
    }

    @Override
    public TransportLimits limits() {
      return before.limits();
    }

    @Override
    public InetSocketAddress local() {
      return before.local();
    }

    @Override
    public InetSocketAddress peer() {
      return before.peer();
    }

    @Override
    public void resize(int depth) {
      throw new AssertionError("resized while nothing is read");
    }

    @Override
    public void disconnect(String reason) {
      before.socket().close();
      queue.disconnected(reason);
    }
  }
}
