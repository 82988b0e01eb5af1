package io.tenon.simulation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.simulation.BlockHistory.Kind;
import io.tenon.simulation.BlockHistory.Op;
import org.junit.jupiter.api.Test;

class BlockHistoryTest {
  private final BlockHistory history = new BlockHistory(7);

  private static Op write(long value) {
    return new Op("w" + value, Kind.WRITE, 0, value);
  }

  private void done(Op op) {
    history.begins(op, 0);
    history.ends(op, 0);
  }

  private void sees(long value) {
    done(new Op("r" + value, Kind.READ, 0, value));
  }

  private void isExplained() {
    assertDoesNotThrow(history::check);
  }

  private void isRefused() {
    assertThrows(AssertionError.class, history::check);
  }

  @Test
  void anAcknowledgedWriteIsSeenFromThenOn() {
    done(write(1));
    sees(1);
    isExplained();
    sees(0);
    isRefused();
  }

  @Test
  void aWriteUnderWayMayBeSeenAndThenStays() {
    var open = write(1);
    history.begins(open, 0);
    sees(0);
    sees(1);
    isExplained();
    sees(0);
    isRefused();
  }

  @Test
  void aDoubtedWriteMayBeSeenAtAnyMomentUntilItIsNotDoubtedAnyMore() {
    var doubted = write(1);
    history.begins(doubted, 0);
    history.isDoubted(doubted, 0);
    done(write(2));
    sees(2);
    sees(1);
    sees(2);
    history.isNotDoubted(doubted, 0);
    sees(1);
    isExplained();
    done(write(3));
    sees(3);
    isExplained();
    sees(1);
    isRefused();
  }

  @Test
  void aDoubtedWriteExcusesNoOtherValue() {
    done(write(2));
    var doubted = write(1);
    history.begins(doubted, 0);
    history.isDoubted(doubted, 0);
    done(write(3));
    sees(1);
    isExplained();
    sees(2);
    isRefused();
  }

  @Test
  void manyWritesThatFailedAreJudgedMoreMildlyAndInTime() {
    for (int i = 1; i <= 12; i++) {
      var failed = write(i);
      failed.failed = true;
      history.begins(failed, 0);
      sees(0);
    }
    sees(7);
    sees(3);
    isExplained();
    sees(99);
    isRefused();
  }

  @Test
  void manyDoubtedWritesAreJudgedInNoTime() {
    for (int i = 1; i <= 60; i++) {
      var doubted = write(i);
      history.begins(doubted, 0);
      history.isDoubted(doubted, 0);
    }
    sees(17);
    isExplained();
    sees(99);
    isRefused();
  }

  @Test
  void aWriteThatFailedMayHappenAtAnyLaterTime() {
    var failed = write(1);
    failed.failed = true;
    history.begins(failed, 0);
    done(write(2));
    sees(2);
    sees(1);
    isExplained();
  }

  @Test
  void aWriteThatHasSettledHasHappenedByThenOrNever() {
    var lost = write(1);
    history.begins(lost, 0);
    history.settles(lost, 0);
    sees(0);
    isExplained();
    sees(1);
    isRefused();
  }

  @Test
  void aWriteThatHasSettledMayHaveHappened() {
    var lost = write(1);
    history.begins(lost, 0);
    history.settles(lost, 0);
    sees(1);
    isExplained();
    sees(0);
    isRefused();
  }

  @Test
  void aWriteThatWasNeverBegunHasNoEffect() {
    var withdrawn = write(1);
    history.begins(withdrawn, 0);
    history.withdraw(withdrawn, 0);
    sees(0);
    isExplained();
    sees(1);
    isRefused();
  }

  @Test
  void compareAndWriteHappensOnWhatItExpectedOnly() {
    done(write(1));
    done(new Op("c", Kind.COMPARE_AND_WRITE, 1, 2));
    sees(2);
    isExplained();
    done(new Op("c", Kind.COMPARE_AND_WRITE, 1, 3));
    isRefused();
  }

  private Op flushBegins() {
    var flush = new Op("f", Kind.READ, 0, 0);
    history.flushBegins(flush, 0);
    return flush;
  }

  @Test
  void aPowerFailureTakesBackWhatWasNotFlushed() {
    done(write(1));
    history.flushed(flushBegins(), 0);
    done(write(2));
    done(write(3));
    history.mayForget(0);
    sees(2);
    isExplained();
    sees(3);
    isRefused();
  }

  @Test
  void aPowerFailureDoesNotTakeBackWhatWasFlushed() {
    done(write(1));
    done(write(2));
    history.flushed(flushBegins(), 0);
    history.mayForget(0);
    sees(1);
    isRefused();
  }

  @Test
  void aFlushCoversNothingThatBeganAfterIt() {
    done(write(1));
    var flush = flushBegins();
    done(write(2));
    history.flushed(flush, 0);
    history.mayForget(0);
    sees(1);
    isExplained();
  }

  @Test
  void aPowerFailureMayTakeBackWhatWasUnderWay() {
    done(write(1));
    var open = write(2);
    history.begins(open, 0);
    history.mayForget(0);
    history.ends(open, 0);
    sees(1);
    isExplained();
  }
}
