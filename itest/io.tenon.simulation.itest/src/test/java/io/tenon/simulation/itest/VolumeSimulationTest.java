package io.tenon.simulation.itest;

import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import io.tenon.simulation.itest.VolumeRun.Scenario;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole nodes, from the host to the disks: every seed twice, with the same trace. */
class VolumeSimulationTest {
  static final int OPERATIONS = 150;
  private static final int SEEDS = 200;

  static LongStream seeds() {
    return Seeds.of(SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsOfANexusNoticeNothingWhileOneOfItsNodesWorks(long seed) {
    runTwice(seed, Scenario.LOCAL_HOST);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aHostBehindTheNetworkNoticesNothingWhileOneNodeWorks(long seed) {
    runTwice(seed, Scenario.REMOTE_HOST);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatAHostThatLosesItsWayWasToldStaysTrue(long seed) {
    runTwice(seed, Scenario.LOST_HOST);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void bitsThatFlipOnTheWayReachNoDiskAndNoHost(long seed) {
    runTwice(seed, Scenario.FLIPPED_BITS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void bitsThatFlipInHeadersReachNoDiskAndNoHostEither(long seed) {
    runTwice(seed, Scenario.FLIPPED_HEADERS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aConnectionOnWhichBitsFlipComesBack(long seed) {
    long _ = Seeds.runTwice(seed, one -> new ReconnectRun(one, true).run(OPERATIONS));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aDiskBehindTheNetworkComesBackAndHasWhatItAcknowledged(long seed) {
    long _ = Seeds.runTwice(seed, one -> new ReconnectRun(one, false).run(OPERATIONS));
  }

  private static void runTwice(long seed, Scenario scenario) {
    long _ = Seeds.runTwice(seed, one -> new VolumeRun(one, scenario).run(OPERATIONS));
  }

  @AfterAll
  static void count() {
    Tally.close(VolumeSimulationTest.class, 150_000, 4_000, Map.of("bits flipped on the way", 500));
  }
}
