package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * The nexus of a {@link RebuildRun} is followed by another one, again and again and at any moment, while hosts stay with its slot: as it is when its
 * bundle is replaced. Disks go on failing meanwhile; operators wait.
 */
final class HandoverTrouble {
  private static final long MOST_BETWEEN_NS = 4_000_000;
  private static final long MOST_AWAY_NS = 1_500_000;
  private static final String URI = LeftNexuses.SCHEME + "sim";

  private final RebuildRun run;
  private final List<SimPlace> places;
  private final SplittableRandom random;
  private final UnaryOperator<LeftNexus> courier;
  private final DeviceSlot volume;
  private boolean underWay;
  private int done;

  /**
   * @param courier brings what one nexus has left to the next
   */
  HandoverTrouble(
      RebuildRun run,
      List<SimPlace> places,
      SplittableRandom random,
      UnaryOperator<LeftNexus> courier) {
    this.run = run;
    this.places = places;
    this.random = random;
    this.courier = courier;
    volume = run.slot(run.nexus(), URI);
  }

  /** What hosts use. */
  DeviceSlot volume() {
    return volume;
  }

  boolean isUnderWay() {
    return underWay;
  }

  int done() {
    return done;
  }

  void begin() {
    run.node().main().schedule(random.nextLong(MOST_BETWEEN_NS), this::handOver);
  }

  private void handOver() {
    if (run.isCalm()) return;
    if (run.isGrowing()) {
      begin();
      return;
    }
    underWay = true;
    var leaving = run.nexus();
    var _ =
        volume
            .drain("Its bundle goes.")
            .thenAccept(_ -> new Succession(leaving).leave(left -> vacate(leaving, left)));
  }

  private void vacate(NexusDevice leaving, Leaving.Left left) {
    var children =
        left.children().stream()
            .map(
                child ->
                    child.with(
                        child.takesChanges() ? LeftChild.Held.CLAIMED : LeftChild.Held.NOT,
                        Optional.empty(),
                        Optional.empty()))
            .toList();
    long bytes = leaving.geometry().blockCount() * RebuildRun.BLOCK_BYTES;
    var spec =
        new NexusSpec(
            "sim",
            new UUID(1, 1),
            bytes,
            List.of(),
            1,
            1,
            random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN);
    var whole =
        new LeftNexus(
            spec,
            bytes,
            leaving.area(),
            leaving.supports(IoOperation.UNMAP),
            left.standing(),
            children,
            left.recent(),
            Optional.empty(),
            Optional.empty(),
            leaving.membership().rebuilds().history(),
            new LeftNexus.Share(Set.of(), Optional.empty(), false),
            0);
    var _ =
        volume
            .vacate("Its bundle goes.", "its successor")
            .thenAccept(
                _ -> {
                  if (!leaving.range().isUnused()) throw new AssertionError("a range is held");
                  for (SimPlace place : places) place.checkNoChannels();
                  run.node().main().schedule(random.nextLong(MOST_AWAY_NS), () -> takeUp(whole));
                });
  }

  private void takeUp(LeftNexus whole) {
    try {
      var left = courier.apply(LeftNexus.of("sim", whole.handover()));
      var made = run.succeed(left);
      var succession = new Succession(made);
      succession.listenAgain();
      var _ = volume.restore(made, "Its successor is here.");
      succession.goOn(left);
    } catch (NexusException | DeviceException e) {
      throw new AssertionError(e);
    }
    underWay = false;
    done++;
    begin();
  }
}
