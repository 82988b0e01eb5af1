package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.StoreSimulation.Scenario;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole store on simulated reactors. Replay: {@code -Dseed=...}. */
class SimulationTest {
  static LongStream seeds() {
    return Seeds.of(10);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsSeeWhatTheyWroteWhileSnapshotsComeAndGo(long seed) {
    long hash = Seeds.runTwice(seed, one -> run(one, Scenario.MIXED, 80));
    assertTrue(hash != 0);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void clustersThatChangeHandsShowNobodyElsesData(long seed) {
    long hash = Seeds.run(seed, one -> run(one, Scenario.CHURN, 60));
    assertTrue(hash != 0);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void readersOfADeletedSnapshotSeeItsDataToTheEnd(long seed) {
    long hash = Seeds.run(seed, one -> run(one, Scenario.LATE_READERS, 150));
    assertTrue(hash != 0);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasAcknowledgedAndFlushedOutlivesAPowerFailureAtAnyMoment(long seed) {
    long hash = Seeds.run(seed, SimulationTest::failPower);
    assertTrue(hash != 0);
  }

  static long run(long seed, Scenario scenario, int operations) {
    try {
      var simulation = new StoreSimulation(seed, scenario, operations);
      if (!simulation.run()) throw new AssertionError("the power has failed");
      must(simulation.hostsRunning == 0, "hosts that wait for ever");
      must(simulation.metadataDone > operations / 4, simulation.refused + " refused");
      must(simulation.reads > 50 && simulation.writes > 100, "idle hosts");
      simulation.checkAll();
      var now = SimContent.of(simulation.medium, simulation.disk);
      var loaded = StoreLoader.load(now, "TEST");
      must(loaded.findings.isEmpty(), loaded.findings.toString());
      simulation.checkSnapshots(loaded.blobs, now);
      var used = simulation.store().space().usedClusters();
      must(used.equals(loaded.usedClusters), "leaked: %s, %s".formatted(used, loaded.usedClusters));
      return simulation.world.trace().hash();
    } catch (BlobstoreException e) {
      throw new AssertionError(e.toString(), e);
    }
  }

  static long failPower(long seed) {
    long hash = 1;
    try {
      for (int i = 0; i < 5; i++) {
        var scenario = i % 2 == 0 ? Scenario.MIXED : Scenario.CHURN;
        var simulation = new StoreSimulation(seed * 1_000 + i, scenario, 60);
        var chance = simulation.world.chance();
        simulation.powerFailsAfter(5_000L + chance.nextInt(30_000));
        simulation.run();
        must(simulation.writes > 0, "power failed before anything happened");
        for (int j = 0; j < 3; j++) {
          var medium = simulation.medium.copy();
          medium.losePower(chance);
          check(simulation, SimContent.of(medium, simulation.disk));
        }
        hash = hash * 31 + simulation.world.trace().hash();
      }
    } catch (BlobstoreException e) {
      throw new AssertionError(e.toString(), e);
    }
    return hash;
  }

  private static void check(StoreSimulation simulation, MemoryDisk left) throws BlobstoreException {
    var read = StoreLoader.load(left, "TEST");
    must(read.findings.isEmpty(), read.findings.toString());
    must(read.unopened.isEmpty(), read.unopened.toString());
    simulation.checkAfterPowerFailure(read, left);
    OpenStore.load(left, "TEST").unload();
    ModelTest.checkMasks(left, "TEST");
    simulation.checkAfterPowerFailure(StoreLoader.load(left, "TEST"), left);
  }

  private static void must(boolean right, String otherwise) {
    if (!right) throw new AssertionError(otherwise);
  }

  @AfterAll
  static void count() {
    Tally.close(SimulationTest.class, 500_000, 30);
  }
}
