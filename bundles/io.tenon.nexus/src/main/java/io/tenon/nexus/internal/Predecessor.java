package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.ReservationStatus;
import io.tenon.block.Reservations.Persistence;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.reactor.Reactor;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whoever had a child before this nexus. It may be frozen, and answer reads when it wakes up, for as long as its last proof holds ({@link
 * Vigil}). So nobody changes a child, or acknowledges anything by it, before that is over. This is the one place that says whether there may be
 * somebody, and that waits for him.
 */
final class Predecessor {
  private static final Logger log = LoggerFactory.getLogger(Predecessor.class);

  /** A reactor that is so late is not alive. */
  private static final long MOST_SECONDS = 60;

  /** It has 32 bits. */
  private static final long GENERATION_MASK = 0xFFFF_FFFFL;

  private final String nexus;
  private final Reactor home;
  private final Timing timing;
  private final Predicate<DeviceSlot> wasReserved;

  /**
   * @param wasReserved whether other nodes had reserved a device of this node since it was started, and do not know that it is not shared any more
   */
  Predecessor(String nexus, Reactor home, Timing timing, Predicate<DeviceSlot> wasReserved) {
    this.nexus = nexus;
    this.home = home;
    this.timing = timing;
    this.wasReserved = wasReserved;
  }

  /** Of a device that is this node's and was shared before: others lose it without being told. */
  boolean mayServe(DeviceSlot local) {
    return wasReserved.test(local);
  }

  /**
   * Of a device that other nodes reach.
   *
   * @param before who had registered when it was taken
   * @param kept what the device can do: when it forgets registrations, that nobody has one says nothing
   */
  static boolean mayServe(ReservationStatus before, UUID self, Persistence kept) {
    boolean isOthers = before.registrants().stream().anyMatch(one -> !one.hostId().equals(self));
    return isOthers || (kept != Persistence.KEPT && hasForgotten(before));
  }

  /**
   * Whether somebody has come since, and was perhaps taken from. The generation grows with each registration that comes, changes or goes; one of
   * them is this node's own.
   */
  static boolean cameSince(ReservationStatus before, ReservationStatus now) {
    return (now.generation() - before.generation() & GENERATION_MASK) > 1;
  }

  /** Nobody has ever registered, or the device's node has been restarted since. Who leaves in order leaves a generation behind. */
  static boolean hasForgotten(ReservationStatus status) {
    return status.registrants().isEmpty() && status.generation() == 0;
  }

  /**
   * Blocks.
   *
   * @param refusal what did not happen when this throws, the first half of a sentence
   */
  void outwait(String refusal) throws NexusException {
    outwait(timing::successorWaitsNs, refusal);
  }

  /**
   * Of a device that is this node's. Who was served before the node was started had his last proof before that, so that only what is left of his time
   * has to be waited for. Blocks.
   *
   * @param refusal as of {@link #outwait}
   */
  void outwaitStart(String refusal) throws NexusException {
    outwait(() -> timing.successorWaitsNs() - timing.uptimeNs().getAsLong(), refusal);
  }

  /**
   * @param restNs asked on the home reactor
   */
  private void outwait(LongSupplier restNs, String refusal) throws NexusException {
    var over = new CompletableFuture<Boolean>();
    home.execute(
        () -> {
          long ns = restNs.getAsLong();
          if (ns <= 0) {
            over.complete(true);
            return;
          }
          log.info("nexus {}: it waits until nobody serves what it has taken", nexus);
          home.schedule(ns, () -> over.complete(true));
        });
    try {
      var _ = Wait.on(over, home, MOST_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notOver(refusal, e);
    } catch (ExecutionException | TimeoutException e) {
      throw notOver(refusal, e);
    }
  }

  private static NexusException notOver(String refusal, Exception cause) {
    return new NexusException(
        Kind.INTERNAL,
        refusal + ".",
        "The wait for whoever had its children before was cut short: " + cause + ".",
        "Try again.",
        cause);
  }
}
