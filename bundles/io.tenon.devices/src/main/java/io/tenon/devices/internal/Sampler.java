package io.tenon.devices.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds what a device's successor answers against what was read from the one before, so that hosts never see what a broken bundle
 * makes of their data.
 */
final class Sampler {
  private static final Logger log = LoggerFactory.getLogger(DeviceRegistry.class);

  private final Optional<Reactor> reactor;
  private final BooleanSupplier ending;
  private final long answerMs;

  /**
   * @param ending whether the node itself ends, so that there will be no successor
   * @param answerMs how long a successor may take to answer
   */
  Sampler(Reactor reactor, BooleanSupplier ending, long answerMs) {
    this(Optional.of(reactor), ending, answerMs);
  }

  private Sampler(Optional<Reactor> reactor, BooleanSupplier ending, long answerMs) {
    this.reactor = reactor;
    this.ending = ending;
    this.answerMs = answerMs;
  }

  /** Looks at nothing and finds everything right. */
  static Sampler none() {
    return new Sampler(Optional.empty(), () -> true, 0);
  }

  /**
   * Waits for the device, as whoever drains it does. Empty when nothing could be read, or nothing needs to be, or other nodes may write to it
   * meanwhile.
   */
  Optional<Sample> of(BlockDevice device) {
    if (reactor.isEmpty() || ending.getAsBoolean()) return Optional.empty();
    if (device.reservations().isPresent()) return Optional.empty();
    try {
      return Optional.of(Look.at(device, device.geometry().blockCount(), reactor.get()).join());
    } catch (CompletionException e) {
      log.info(
          "device {}: goes unseen, for it cannot be read: {}",
          device.name(),
          String.valueOf(e.getCause()));
      return Optional.empty();
    }
  }

  /**
   * Why a successor is not let in.
   *
   * @param idle done when nothing of the look is left in the device, which may not be closed before
   */
  record Refusal(DeviceException reason, CompletableFuture<?> idle) {}

  /** Empty when all is right. */
  Optional<Refusal> check(Optional<Sample> before, BlockDevice now) {
    if (before.isEmpty() || reactor.isEmpty()) return Optional.empty();
    var look = Look.at(now, before.get().blocks(), reactor.get());
    String why;
    try {
      if (look.get(answerMs, TimeUnit.MILLISECONDS).isSameAs(before.get())) return Optional.empty();
      why = "It answers with other data than before.";
    } catch (TimeoutException e) {
      why = "It does not answer a read within " + answerMs + " ms.";
    } catch (ExecutionException e) {
      why = "It does not read what was read before: " + e.getCause() + ".";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      why = "Its first read was interrupted.";
    }
    return Optional.of(
        new Refusal(
            new DeviceException(
                Kind.MISMATCH,
                "Block device " + now.name() + " was not put back.",
                why,
                "Put the bundle back that was there before."),
            look));
  }
}
