package io.tenon.nexus.internal;

import io.tenon.block.Geometry;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import java.util.List;
import java.util.SplittableRandom;

/** What happens to the nexus of a {@link RebuildRun} while hosts go on: disks that break, and operators who do anything at any moment. */
final class RebuildTrouble {
  private final RebuildRun run;
  private final List<SimPlace> places;
  private final SplittableRandom random;

  /** Of its own, so that what else happens by a seed does not depend on it. */
  private final SplittableRandom growths;

  private boolean growing;

  RebuildTrouble(RebuildRun run, List<SimPlace> places, SplittableRandom growths) {
    this.run = run;
    this.places = places;
    this.growths = growths;
    random = run.random;
  }

  /** One thing that a fault or an operator does, and the next soon. */
  void disturb() {
    if (run.isCalm()) return;
    run.node().main().schedule(1 + random.nextLong(900_000), this::disturb);
    var place = places.get(random.nextInt(places.size()));
    if (run.isForgetful()) comeBackAsItIs(place);
    else if (random.nextInt(6) == 0) place.breakDown();
    else if (!run.isLeaving()) order(place);
  }

  boolean isGrowing() {
    return growing;
  }

  /** It becomes as large as its children are, in steps; those who are asked again later find it grown. */
  void grow() {
    if (run.isCalm()
        || run.nexusBlocks() == run.dataBlocks()
        || run.nexus().membership().isStopping()) return;
    if (run.isLeaving()) {
      run.node().main().schedule(1_000_000, this::grow);
      return;
    }
    growing = true;
    long to = growths.nextLong(run.nexusBlocks(), run.dataBlocks()) + 1;
    new Growth(run.nexus())
        .begin(
            new DataArea(RebuildRun.FIRST, new Geometry(RebuildRun.BLOCK_BYTES, to)),
            () -> {
              growing = false;
              run.nexusBlocks(to);
              run.node().main().schedule(growths.nextLong(3_000_000), this::grow);
            });
  }

  /** Operators who do not know what is going on. */
  private void order(SimPlace place) {
    String uri = place.uri();
    try {
      switch (random.nextInt(14)) {
        case 0 -> {
          if (!place.isGood()) run.operators().takeOut(uri, Fault.OFFLINE);
        }
        case 1 -> {
          if (!place.isGood() && random.nextInt(3) == 0) {
            run.operators().takeOut(uri, random.nextBoolean() ? Fault.PERMANENT : Fault.IO_ERROR);
          }
        }
        case 2 -> run.operators().pause(uri);
        case 3, 4 -> run.operators().resume(uri);
        case 5 -> run.operators().stop(uri);
        case 6, 7 -> run.operators().start(uri);
        default -> bringBack(place, false);
      }
    } catch (NexusException refusal) {
      if (refusal.kind() == Kind.INTERNAL) throw new AssertionError(refusal);
    }
  }

  /** Whatever it takes to get this child Online. */
  void bringBack(SimPlace place, boolean forSure) throws NexusException {
    String uri = place.uri();
    if (run.nexus().membership().isStopping()) return;
    if (!run.operators().isMember(uri)) {
      add(place);
      return;
    }
    var child = run.operators().child(uri, "looked at");
    switch (child.state()) {
      case FAULTED -> {
        if (!place.isIdle()) return;
        if (child.isPermanent() || (!forSure && random.nextInt(4) == 0))
          run.operators().forget(child);
        else comeBack(place, child);
      }
      case OUT_OF_SYNC -> {
        if (run.nexus().membership().rebuilds().of(child) == null) run.operators().start(uri);
        else run.operators().resume(uri);
      }
      case OPENING, OPEN, CLOSED -> {}
    }
  }

  /** With nothing else going on that would hide what is missing in a log. */
  private void comeBackAsItIs(SimPlace place) {
    try {
      var child = run.operators().child(place.uri(), "looked at");
      if (child.state() != ChildState.FAULTED || !place.isIdle()) return;
      run.operators().online(run.operators().checkOnline(place.uri()), place.reopen(false), true);
    } catch (NexusException refusal) {
      throw new AssertionError(refusal);
    }
  }

  private void comeBack(SimPlace place, Child child) throws NexusException {
    // Sometimes another disk than before, and that is noticed.
    boolean isSame = random.nextInt(4) != 0;
    if (!isSame) run.fillWithGarbage(place.replaceMedium());
    boolean forgets = run.mayForget() && random.nextBoolean();
    run.operators().online(run.operators().checkOnline(place.uri()), place.reopen(forgets), isSame);
    if (child.state() != ChildState.OUT_OF_SYNC) throw new AssertionError(child.info());
  }

  private void add(SimPlace place) throws NexusException {
    run.operators().checkAdd(place.uri());
    if (random.nextBoolean()) run.fillWithGarbage(place.replaceMedium());
    run.operators().add(place.uri(), place.reopen(false), random.nextInt(3) != 0);
  }
}
