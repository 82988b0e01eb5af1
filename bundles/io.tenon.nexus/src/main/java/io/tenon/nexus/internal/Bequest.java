package io.tenon.nexus.internal;

import io.tenon.block.Handover;
import io.tenon.block.IoOperation;
import io.tenon.nexus.NexusSpec;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a nexus leaves in its slot for its successor, once it has come to rest: what its membership knows ({@link Leaving}), with what is known of devices,
 * marks, reservations and the record. Blocks; never on a reactor.
 */
record Bequest(NexusSpec spec, NexusDevice nexus, ChildDevices children, ChildMark marks) {
  private static final Logger log = LoggerFactory.getLogger(Bequest.class);

  /** Longer than any child's I/O time-out; the slot has failed long before, and then nobody waits for this. */
  private static final long REST_SECONDS = 150;

  /** Empty when it does not come to rest: then it has failed, as a lost disk has. */
  Optional<Handover> make(long sizeBytes, LeftNexus.Share share) {
    var home = nexus.membership().home();
    var rest = new CompletableFuture<Leaving.Left>();
    new Succession(nexus).leave(rest::complete);
    try {
      var left = Wait.on(rest, home, REST_SECONDS);
      for (LeftChild child : left.children()) {
        boolean isOut = !child.takesChanges() && left.standing().stopFor().isEmpty();
        if (isOut) Wait.on(children.released(child.slot()), home, REST_SECONDS);
      }
      var handover = whole(left, sizeBytes, share).handover();
      children.leave();
      return Optional.of(handover);
    } catch (TimeoutException | ExecutionException e) {
      log.error("nexus {}: it did not come to rest, and has no successor", nexus.name(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.error("nexus {}: interrupted on its way to a successor", nexus.name());
    }
    return Optional.empty();
  }

  private LeftNexus whole(Leaving.Left left, long sizeBytes, LeftNexus.Share share) {
    var vigil = nexus.vigil();
    return new LeftNexus(
        spec,
        sizeBytes,
        nexus.area(),
        nexus.supports(IoOperation.UNMAP),
        left.standing(),
        left.children().stream().map(this::withDevice).toList(),
        left.recent(),
        vigil == null ? Optional.empty() : Optional.of(vigil.proof()),
        nexus.record().left(),
        nexus.membership().rebuilds().history(),
        share,
        marks.last());
  }

  private LeftChild withDevice(LeftChild child) {
    return child.with(
        children.held(child.slot()),
        children.reservations().info(child.slot()),
        marks.known(child.uri()));
  }
}
