package io.tenon.distro;

import io.tenon.nvme.ConnectionOwner;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.SubsystemHandover;
import io.tenon.nvme.TransportLimits;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Of a bad bundle: it takes hosts' connections up and says nothing to them any more, or does not even take them up. */
public final class LyingTransport implements BundleActivator {
  /** Header of the bundle: takes the connections. */
  static final String MUTE = "X-Mute";

  private static final String URI_SCHEME = "nvmf+tcp";

  private final List<Held> held = new ArrayList<>();
  private NvmeTarget target;
  private String nqn = "";

  @Override
  public void start(BundleContext context) {
    target = context.getService(context.getServiceReference(NvmeTarget.class));
    boolean mute = context.getBundle().getHeaders("").get(MUTE) != null;
    context.registerService(ConnectionOwner.class, new Liar(mute), null);
  }

  @Override
  public void stop(BundleContext context) {
    if (held.isEmpty()) return;
    var parked = new ArrayList<ParkedConnection>();
    for (var one : held) parked.add(one.on(one::park));
    target.handOver(new SubsystemHandover(URI_SCHEME, nqn, parked));
  }

  private final class Liar implements ConnectionOwner {
    private final boolean mute;

    Liar(boolean mute) {
      this.mute = mute;
    }

    @Override
    public void lend(String asked, ConnectionOwner to) {
      throw new UnsupportedOperationException("this one only borrows");
    }

    @Override
    public void takeUp(String asked) {
      if (!mute) return;
      nqn = asked;
      for (var parked : target.takeOver(URI_SCHEME, asked).orElseThrow().connections()) {
        var one = new Held(parked);
        held.add(one);
        one.on(one::adopt);
      }
    }
  }

  /** A connection that nobody reads. */
  private static final class Held implements QueueTransport {
    private final ParkedConnection before;
    private NvmeQueue queue;

    Held(ParkedConnection before) {
      this.before = before;
    }

    <T> T on(java.util.function.Supplier<T> step) {
      return CompletableFuture.supplyAsync(step, before.socket().reactor()::execute).join();
    }

    NvmeQueue adopt() {
      queue = before.adopt(this);
      return queue;
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
