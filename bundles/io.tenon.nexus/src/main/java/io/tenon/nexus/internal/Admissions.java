package io.tenon.nexus.internal;

import io.tenon.block.IoStatus;
import io.tenon.nexus.ChildReason;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How children come in: every lane lets a child take part, its rebuild copies, it flushes, it is recorded, it is complete. See the
 * package's documentation. The home reactor only.
 */
final class Admissions implements Rebuilds.Owner {
  private static final Logger log = LoggerFactory.getLogger(Admissions.class);

  private final Membership membership;
  private final String nexus;
  private final List<Lane> lanes;
  private final RetirementRecord record;
  private int notes;

  /** Something to be written down. */
  interface Entry {
    void write(String nexus, String childUri, RetirementRecord.Outcome outcome);
  }

  Admissions(Membership membership, String nexus, List<Lane> lanes, RetirementRecord record) {
    this.membership = membership;
    this.nexus = nexus;
    this.lanes = lanes;
    this.record = record;
  }

  /**
   * Every lane sends its changes to the child from then on; those that do already go on.
   *
   * @param rebuild begins when all do
   */
  void letIn(Child child, @Nullable Rebuild rebuild) {
    var round = new Round(rebuild);
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(
              () -> {
                var missed = lane.admit(child);
                membership.home().execute(() -> round.confirmed(missed));
              });
    }
  }

  /** What all lanes say. */
  private final class Round {
    private final @Nullable Rebuild rebuild;
    private int unconfirmed = lanes.size();
    private @Nullable SegmentMap lacks;
    private boolean lacksAnything;

    Round(@Nullable Rebuild rebuild) {
      this.rebuild = rebuild;
    }

    void confirmed(@Nullable SegmentMap missed) {
      var known = lacks;
      if (missed == null) lacksAnything = true;
      else if (known == null) lacks = missed;
      else known.addAll(missed);
      if (--unconfirmed > 0 || rebuild == null || rebuild.isOver()) return;
      membership.rebuilds().begin(rebuild, lacksAnything ? null : lacks);
    }
  }

  /** Nothing waits to be written down. */
  boolean areOver() {
    return notes == 0;
  }

  @Override
  public void copied(Rebuild rebuild) {
    int child = rebuild.child().index();
    ChildFlush.submit(lanes.getFirst(), child, status -> flushed(rebuild, status));
  }

  private void flushed(Rebuild rebuild, IoStatus status) {
    if (rebuild.isOver()) return;
    if (!status.isSuccess()) {
      cannotGoOn(rebuild, "the child did not make durable what was copied: " + status);
      return;
    }
    note(record::childIsIn, rebuild.child(), "in", failure -> recorded(rebuild, failure));
  }

  private void recorded(Rebuild rebuild, String failure) {
    if (rebuild.isOver()) return;
    if (failure.isEmpty()) membership.complete(rebuild.child());
    else cannotGoOn(rebuild, "it cannot be recorded that it is complete: " + failure);
  }

  @Override
  public void cannotGoOn(Rebuild rebuild, String why) {
    membership.takeOut(rebuild.child(), ChildReason.REBUILD_FAILED, why);
  }

  /**
   * Writes down what no withheld write waits for.
   *
   * @param then told why it could not be; empty when it could
   */
  void note(Entry entry, Child child, String what, Consumer<String> then) {
    var home = membership.home();
    notes++;
    entry.write(
        nexus,
        child.uri(),
        new RetirementRecord.Outcome() {
          @Override
          public void recorded() {
            home.execute(() -> noted(then, ""));
          }

          @Override
          public void failed(String why) {
            log.warn(
                "nexus {}: it cannot be recorded that child {} is {}: {}",
                nexus,
                child.uri(),
                what,
                why);
            home.execute(() -> noted(then, why));
          }
        });
  }

  private void noted(Consumer<String> then, String failure) {
    notes--;
    then.accept(failure);
  }
}
