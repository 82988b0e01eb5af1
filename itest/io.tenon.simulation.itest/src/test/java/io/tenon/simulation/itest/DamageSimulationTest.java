package io.tenon.simulation.itest;

import io.tenon.metadata.embedded.internal.JournalRun;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks that write to the wrong place, and whose bits flip, under what has checksums: nobody is shown anything wrong. */
class DamageSimulationTest {
  static final int OPERATIONS = 30;
  private static final int POOLS = 12;
  private static final int JOURNALS = 2_000;

  static LongStream pools() {
    return Seeds.of(DamageSimulationTest.class, POOLS);
  }

  @ParameterizedTest
  @MethodSource("pools")
  void aPoolWithAFlippedBitShowsWhatWasPromisedOrSaysWhatItDoesNot(long seed) {
    long _ = Seeds.runSomeTwice(seed, 5, one -> run(one, PoolDamageRun.Damage.FLIPPED));
  }

  @ParameterizedTest
  @MethodSource("pools")
  void whatAWriteToTheWrongPlaceHasHitIsNotTakenForWhatWasThere(long seed) {
    long _ = Seeds.runSomeTwice(seed, 5, one -> run(one, PoolDamageRun.Damage.MISDIRECTED));
  }

  static long run(long seed, PoolDamageRun.Damage damage) {
    return new PoolDamageRun(seed, damage).run(OPERATIONS);
  }

  static LongStream journals() {
    return Seeds.of(JOURNALS);
  }

  @ParameterizedTest
  @MethodSource("journals")
  void aJournalWithAFlippedBitShowsAllThatWasAnsweredOrIsRefused(long seed) {
    long _ = Seeds.runSomeTwice(seed, 5, one -> run(one, JournalRun.Damage.FLIPPED));
  }

  @ParameterizedTest
  @MethodSource("journals")
  void aJournalOfWhichABlockWentToTheWrongPlaceShowsAllThatWasAnsweredOrIsRefused(long seed) {
    long _ = Seeds.runSomeTwice(seed, 5, one -> run(one, JournalRun.Damage.MISDIRECTED));
  }

  static long run(long seed, JournalRun.Damage damage) {
    return new JournalRun(seed, damage).run();
  }

  @AfterAll
  static void count() {
    Tally.close(
        DamageSimulationTest.class,
        100_000,
        1_500,
        Map.of(
            "bits flipped in pools", 120,
            "misdirected writes of pools", 100,
            "damaged pools restricted", 150,
            "damaged pools refused", 20,
            "bits flipped in journals", 1_000,
            "misdirected writes of journals", 1_000,
            "journals refused", 1_000,
            "journals read rightly", 1_000));
  }
}
