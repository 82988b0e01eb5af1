package io.tenon.nexus.internal;

import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.TargetException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Another ANA state for a published nexus. It is made while nothing is in flight, so that whoever asked for INACCESSIBLE knows, when
 * it is done, that this node changes nothing any more.
 */
final class AnaChange {
  private static final Logger log = LoggerFactory.getLogger(AnaChange.class);

  /** Less than callers of gRPC wait. */
  private static final long DRAIN_WITHIN_S = 10;

  private AnaChange() {}

  /**
   * @param subsystem absent when the nexus is not published
   */
  static void make(String nexus, @Nullable Subsystem subsystem, AnaState state)
      throws NexusException {
    if (subsystem == null) {
      throw refused(
          nexus, Kind.INVALID_ARGUMENT, "It is not published, so no host sees it.", "Publish it.");
    }
    if (!subsystem.options().ana()) {
      throw refused(
          nexus,
          Kind.STATE,
          "Hosts of this node are not told of ANA states: %s is not 1."
              .formatted(NexusService.ANA_VARIABLE),
          "Start the node with it, and publish the nexus again.");
    }
    var before = subsystem.anaState();
    try {
      subsystem.pause().toCompletableFuture().get(DRAIN_WITHIN_S, TimeUnit.SECONDS);
      subsystem.anaState(state);
    } catch (TimeoutException e) {
      throw failed(nexus, "I/O is in flight after " + DRAIN_WITHIN_S + " seconds.", e);
    } catch (ExecutionException e) {
      throw failed(nexus, String.valueOf(e.getCause()), e);
    } catch (TargetException e) {
      throw failed(nexus, e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(nexus, "The wait for I/O in flight was interrupted.", e);
    } finally {
      subsystem.resume();
    }
    log.info("nexus {}: ANA state {} -> {} by request", nexus, before, state);
  }

  private static NexusException refused(String nexus, Kind kind, String why, String remedy) {
    return new NexusException(kind, sentence(nexus), why, remedy);
  }

  private static NexusException failed(String nexus, @Nullable String why, Exception cause) {
    return new NexusException(
        Kind.INTERNAL,
        sentence(nexus),
        String.valueOf(why),
        "Look at its children; try again.",
        cause);
  }

  private static String sentence(String nexus) {
    return "The ANA state of nexus " + nexus + " was not changed.";
  }
}
