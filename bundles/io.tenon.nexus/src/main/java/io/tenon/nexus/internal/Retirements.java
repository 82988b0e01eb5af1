package io.tenon.nexus.internal;

import io.tenon.reactor.Reactor;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Children on their way out: every lane confirms, and it goes on record; then they are settled. The home reactor only. */
final class Retirements {
  private static final Logger log = LoggerFactory.getLogger(Retirements.class);

  private final String nexus;
  private final Reactor home;
  private final List<Lane> lanes;
  private final RetirementRecord record;
  private final Consumer<String> cannotRecord;
  private int begun;
  private int underWay;

  /**
   * @param cannotRecord told why the nexus cannot go on
   */
  Retirements(
      String nexus,
      Reactor home,
      List<Lane> lanes,
      RetirementRecord record,
      Consumer<String> cannotRecord) {
    this.nexus = nexus;
    this.home = home;
    this.lanes = lanes;
    this.record = record;
    this.cannotRecord = cannotRecord;
  }

  /** Of all time. */
  int begun() {
    return begun;
  }

  /** Nobody is on the way. */
  boolean areOver() {
    return underWay == 0;
  }

  void begin(Child child) {
    begun++;
    underWay++;
    var round = new Retirement(child, lanes.size());
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(
              () -> {
                lane.detach(child);
                home.execute(round::confirmed);
              });
    }
    record.childIsOut(nexus, child.uri(), round);
  }

  private final class Retirement implements RetirementRecord.Outcome {
    private final Child child;
    private int unconfirmed;
    private boolean recorded;

    Retirement(Child child, int lanes) {
      this.child = child;
      unconfirmed = lanes;
    }

    void confirmed() {
      unconfirmed--;
      settleWhenDone();
    }

    @Override
    public void recorded() {
      home.execute(
          () -> {
            recorded = true;
            settleWhenDone();
          });
    }

    @Override
    public void failed(String why) {
      home.execute(
          () -> {
            underWay--;
            cannotRecord.accept(
                "it cannot be recorded that child " + child.uri() + " is out: " + why);
          });
    }

    private void settleWhenDone() {
      if (unconfirmed > 0 || !recorded) return;
      underWay--;
      log.info("nexus {}: child {} is out on every reactor and on record", nexus, child.uri());
      for (Lane lane : lanes) lane.reactor().execute(() -> lane.settle(child));
    }
  }
}
