package io.tenon.nvme.internal;

import io.tenon.nvme.internal.NvmeRun.Scenario;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The model on simulated reactors: every seed twice, with the same trace. */
class NvmeSimulationTest {
  static final int OPERATIONS = 200;
  private static final int SEEDS = 200;

  static LongStream seeds() {
    return Seeds.of(SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsSeeOneDiskHoweverTheirConnectionsEnd(long seed) {
    runTwice(seed, Scenario.HOSTS_COME_AND_GO);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatHostsAreToldIsTrueWhenTheDiskFails(long seed) {
    runTwice(seed, Scenario.DISK_FAILS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nothingReachesTheDeviceWhileItsSubsystemIsPaused(long seed) {
    runTwice(seed, Scenario.PAUSED);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aDeviceIsFreeWhenItsShareHasEndedUnderIo(long seed) {
    runTwice(seed, Scenario.UNSHARED);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void compareAndWriteIsOneHoweverManyQueuesRace(long seed) {
    runTwice(seed, Scenario.FUSED);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsAndPathsThatAreTakenAwayComeBack(long seed) {
    runTwice(seed, Scenario.ADMITTED);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whoIsPreemptedWritesNothingMore(long seed) {
    runTwice(seed, Scenario.FENCED);
  }

  private static void runTwice(long seed, Scenario scenario) {
    long _ = Seeds.runTwice(seed, one -> new NvmeRun(one, scenario).run(OPERATIONS));
  }

  @AfterAll
  static void count() {
    Tally.close(NvmeSimulationTest.class, 500_000, 3_000);
  }
}
