package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole store on simulated reactors. Replay: {@code -Dseed=...}. */
class SimulationTest {
  static LongStream seeds() {
    Long one = Long.getLong("seed");
    return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, Long.getLong("seeds", 10));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsSeeWhatTheyWroteWhileSnapshotsComeAndGo(long seed) throws Exception {
    var first = run(seed);
    assertEquals(first.world.traceHash(), run(seed).world.traceHash(), "not the same run");
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatWasAcknowledgedAndFlushedOutlivesAPowerFailureAtAnyMoment(long seed) throws Exception {
    for (int i = 0; i < 5; i++) {
      var simulation = new StoreSimulation(seed * 1_000 + i, 60);
      simulation.world.powerLasts = 2_000L + simulation.world.random.nextInt(20_000);
      try {
        simulation.run();
      } catch (SimWorld.PowerFailure e) {
        assertTrue(simulation.writes > 0, "power failed before anything happened");
      }
      for (int j = 0; j < 3; j++) {
        var left = simulation.disk.afterPowerFailure();
        var read = StoreLoader.load(left, "TEST");
        assertTrue(read.findings.isEmpty(), read.findings::toString);
        assertTrue(read.unopened.isEmpty(), read.unopened::toString);
        simulation.checkAfterPowerFailure(read, left);
        OpenStore.load(left, "TEST").unload();
        ModelTest.checkMasks(left, "TEST");
        simulation.checkAfterPowerFailure(StoreLoader.load(left, "TEST"), left);
      }
    }
  }

  private static StoreSimulation run(long seed) throws Exception {
    var simulation = new StoreSimulation(seed, 120);
    simulation.run();
    assertEquals(0, simulation.hostsRunning(), "hosts that wait for ever");
    assertTrue(simulation.metadataDone > 40, simulation.refused + " refused");
    assertTrue(simulation.reads > 100 && simulation.writes > 200);
    simulation.checkAll(simulation.store, simulation.disk.now());
    var loaded = StoreLoader.load(simulation.disk.now().copy(), "TEST");
    assertTrue(loaded.findings.isEmpty(), loaded.findings::toString);
    simulation.checkSnapshots(loaded.blobs, simulation.disk.now());
    return simulation;
  }
}
