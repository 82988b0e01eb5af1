package io.tenon.nexus.internal;

import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A nexus gets more blocks while hosts use it, without a pause. By a thread that keeps children from coming and going; never on a
 * reactor.
 *
 * <pre>
 * every child has room ─► rebuilds copy the new blocks too ─► every lane's write log covers them ─► the nexus has them, hosts are told
 * </pre>
 *
 * <p>In this order no change to a new block misses a log, and no child becomes complete without the new blocks. A child that is out
 * lacks all of them.
 */
final class Growth {
  private static final Logger log = LoggerFactory.getLogger(Growth.class);

  /** A remote child was resized by its own node, which tells this one. */
  private static final long NEWS_WITHIN_S = 5;

  private static final long HOME_SECONDS = 30;
  private static final long LOOK_AGAIN_NS = 1_000_000;

  private final NexusDevice nexus;
  private volatile boolean givenUp;

  Growth(NexusDevice nexus) {
    this.nexus = nexus;
  }

  /**
   * @throws NexusException when it stays as it was
   */
  void to(long sizeBytes) throws NexusException {
    long before = nexus.geometry().blockCount();
    var area = awaitRoom(sizeBytes);
    var grown = new CompletableFuture<Void>();
    var membership = nexus.membership();
    membership.home().execute(() -> begin(area, () -> grown.complete(null)));
    try {
      var _ = Wait.on(grown, membership.home(), HOME_SECONDS);
    } catch (TimeoutException e) {
      givenUp = true;
      throw failed("The reactors of the node do not answer.", e);
    } catch (ExecutionException e) {
      throw failed(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("The wait was interrupted.", e);
    }
    log.info(
        "nexus {}: {} blocks, were {}, by request",
        nexus.name(),
        area.geometry().blockCount(),
        before);
  }

  private DataArea awaitRoom(long sizeBytes) throws NexusException {
    var news = new Semaphore(0);
    var listener =
        new DeviceListener() {
          @Override
          public void resized(Geometry now) {
            news.release();
          }
        };
    var remote = nexus.members().filter(child -> !child.isLocal()).map(Child::slot).toList();
    remote.forEach(slot -> slot.addListener(listener));
    try {
      return awaitRoom(sizeBytes, remote.isEmpty() ? 0 : NEWS_WITHIN_S, news);
    } finally {
      remote.forEach(slot -> slot.removeListener(listener));
    }
  }

  private DataArea awaitRoom(long sizeBytes, long seconds, Semaphore news) throws NexusException {
    // Whatever the size of the children, this much can be said at once.
    var unlimited = nexus.area().grown(nexus.name(), sizeBytes, List.of());
    for (int left = NexusDevice.MOST_CHILDREN; ; left--) {
      var shapes =
          nexus
              .members()
              .map(child -> new DataArea.Shape(child.uri(), child.slot().geometry()))
              .toList();
      try {
        return nexus.area().grown(nexus.name(), sizeBytes, shapes);
      } catch (NexusException refusal) {
        if (left == 0 || !comes(news, seconds)) throw refusal;
        log.debug("nexus {}: a child has grown on its way to {}", nexus.name(), unlimited);
      }
    }
  }

  private boolean comes(Semaphore news, long seconds) throws NexusException {
    try {
      return news.tryAcquire(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("The wait for its children was interrupted.", e);
    }
  }

  /**
   * Home reactor.
   *
   * @param then told when the nexus has grown
   */
  void begin(DataArea area, Runnable then) {
    if (givenUp) return;
    var rebuilds = nexus.membership().rebuilds();
    var home = nexus.membership().home();
    if (rebuilds.isCompleting()) {
      home.schedule(LOOK_AGAIN_NS, () -> begin(area, then));
      return;
    }
    rebuilds.grow(area.geometry().blockCount());
    var lanes = nexus.membership().lanes();
    var round = new int[] {lanes.size()};
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(
              () -> {
                lane.grow(area.geometry().blockCount());
                home.execute(
                    () -> {
                      if (--round[0] > 0) return;
                      nexus.grow(area);
                      then.run();
                    });
              });
    }
  }

  private NexusException failed(String why, Exception cause) {
    return new NexusException(
        Kind.INTERNAL,
        "Nexus " + nexus.name() + " was not resized.",
        why,
        "Look at its state; try again.",
        cause);
  }
}
