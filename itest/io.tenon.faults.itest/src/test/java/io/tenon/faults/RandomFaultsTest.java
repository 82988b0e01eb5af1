package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.testing.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Round after round something happens to random nodes of one cluster under load: killed, stopped, cut off in one direction or both, or with
 * a network that loses packets. The test is operator and control plane: it brings children back, and makes the nexus again when its node was
 * killed. After each round all is as it was, and nothing that was acknowledged is missing.
 */
@Tag("faults")
@Timeout(3600)
class RandomFaultsTest {
  private static final int ROUNDS = Integer.getInteger("tenon.faults.random.rounds", 100);
  private static final long SEED = seed();
  private static final int NODES = 3;
  private static final int PLACES = 2048;
  private static final int SOME_WRITES = 200;
  private static final int ROUNDS_TO_LOOK_AT_EACH_REPLICA = 10;
  private static final Path JOURNAL =
      Path.of(System.getProperty("tenon.faults.logs"), "random-rounds.log");

  /** Everything works again for so long at most, and something does not. Generous: machines are busy. */
  private static final Duration UNTIL_WHOLE = Duration.ofSeconds(90);

  private final SplittableRandom schedule = new SplittableRandom(SEED);
  private final Ledger ledger = new Ledger(SEED, PLACES);
  private NetworkCluster all;
  private Network network;
  private Cluster cluster;
  private Host host;
  private BlockDevice volume;
  private int interruptionsKnown;

  private static long seed() {
    long given = Long.getLong("tenon.faults.random.seed", 0);
    return given != 0 ? given : System.nanoTime() & 0xffff_ffffL;
  }

  @BeforeEach
  void begin() throws Exception {
    all = NetworkCluster.start();
    network = all.network();
    cluster = all.cluster();
    host = all.host();
    volume = host.open(cluster.uri());
    Files.createDirectories(JOURNAL.getParent());
    Files.writeString(JOURNAL, "seed " + SEED + "\n");
  }

  @AfterEach
  void end() throws Exception {
    if (all != null) all.close();
  }

  @Test
  void nothingAcknowledgedIsLostAndNothingStaysStuckWhateverHappensToNodes() throws Exception {
    long acknowledged = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      var troubles = Trouble.round(schedule);
      try {
        acknowledged += play(round, troubles);
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "round %d, %s; replay with -Dtenon.faults.random.seed=%d; %s; %s"
                .formatted(round, troubles, SEED, JOURNAL, cluster.describe()),
            e);
      }
    }
    System.out.printf("%d rounds of seed %d, %d writes acknowledged%n", ROUNDS, SEED, acknowledged);
    eachReplicaHolds();
  }

  /**
   * @return writes that were acknowledged
   */
  private long play(int round, List<Trouble> troubles) throws Exception {
    long beganNs = System.nanoTime();
    // Its own: how often it is asked depends on time, and the next rounds shall not.
    var chance = schedule.split();
    var running = HostLoad.start(host.allReactors(), volume, ledger, chance.nextLong());
    awaitMoreWrites(running);
    for (var trouble : troubles) happen(trouble);
    for (var trouble : troubles) end(trouble, chance);
    boolean nexusDied = troubles.stream().anyMatch(RandomFaultsTest::isDeathOfTheNexus);
    for (var trouble : troubles) {
      if (trouble instanceof Trouble.Kill kill) cluster.awaitBack(kill.node());
    }
    if (nexusDied) makeNexusAgain(chance);
    long healedNs = System.nanoTime();
    String lost = becomeWhole();
    long wholeNs = System.nanoTime();
    awaitMoreWrites(running);
    var report = running.stop();
    assertEquals(0, report.wrong(), report::toString);
    if (!nexusDied) {
      assertEquals(0, report.errors(), report::toString);
      assertEquals(
          List.of(), host.interruptions().subList(interruptionsKnown, host.interruptions().size()));
    }
    interruptionsKnown = host.interruptions().size();
    var sweep = Sweep.asHost(ledger);
    assertEquals(List.of(), sweep.device(host.reactor(), volume, 0), "through the nexus");
    if (round % ROUNDS_TO_LOOK_AT_EACH_REPLICA == 0) {
      // TCP repeats what was lost later and later: a child may fail when all has been good for a
      // while.
      lost += becomeWhole();
      eachReplicaHolds();
    }
    note(
        "%3d %s: lost %s; %d writes, %d errors, longest gap %d ms; whole %d ms after it ended; %d ms%n"
            .formatted(
                round,
                troubles,
                lost,
                report.writes(),
                report.errors(),
                report.longestGapMs(),
                ms(wholeNs - healedNs),
                ms(System.nanoTime() - beganNs)));
    return report.writes();
  }

  private static long ms(long ns) {
    return TimeUnit.NANOSECONDS.toMillis(ns);
  }

  private static void note(String line) throws IOException {
    Files.writeString(JOURNAL, line, StandardOpenOption.APPEND);
  }

  private static boolean isDeathOfTheNexus(Trouble trouble) {
    return trouble instanceof Trouble.Kill kill && kill.node() == Trouble.NEXUS;
  }

  private void awaitMoreWrites(HostLoad running) throws Exception {
    long goal = running.acknowledged() + SOME_WRITES;
    Waiting.until(
        "the host writes",
        UNTIL_WHOLE,
        () -> running.acknowledged() >= goal,
        () -> running.acknowledged() + " of " + goal);
  }

  private void happen(Trouble trouble) throws Exception {
    switch (trouble) {
      case Trouble.Kill kill -> cluster.node(kill.node()).kill();
      case Trouble.Freeze freeze -> cluster.node(freeze.node()).freeze();
      case Trouble.Partition partition -> network.cut(partition.cuts());
      case Trouble.Loss _ -> {
        // It takes its time by itself.
      }
    }
  }

  private void end(Trouble trouble, SplittableRandom chance) throws Exception {
    switch (trouble) {
      case Trouble.Kill kill -> cluster.begin(kill.node());
      case Trouble.Freeze freeze -> {
        TimeUnit.MILLISECONDS.sleep(freeze.forMs());
        cluster.node(freeze.node()).thaw();
      }
      case Trouble.Partition partition -> {
        TimeUnit.MILLISECONDS.sleep(partition.forMs());
        network.heal(partition.cuts());
      }
      case Trouble.Loss loss -> lose(loss, chance);
    }
  }

  private void lose(Trouble.Loss loss, SplittableRandom chance) throws Exception {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(loss.forMs());
    while (System.nanoTime() - until < 0) {
      network.cut(loss.cuts());
      TimeUnit.MILLISECONDS.sleep(chance.nextInt(loss.burstMs()));
      network.heal(loss.cuts());
      TimeUnit.MILLISECONDS.sleep(chance.nextInt(loss.burstMs()));
    }
  }

  /**
   * One child is trusted: what was under way may be on some only. The record says which may be; a child that lost packets in the round before may
   * have failed in this one.
   */
  private void makeNexusAgain(SplittableRandom chance) throws Exception {
    var healthy = cluster.onRecordAsHealthy();
    int trusted = healthy.get(chance.nextInt(healthy.size()));
    cluster.makeNexus(List.of(trusted));
    for (int node = 1; node <= NODES; node++) if (node != trusted) cluster.add(node);
  }

  /**
   * Brings back what is out, until nothing is.
   *
   * @return which children were out, and why
   */
  private String becomeWhole() throws Exception {
    var lost = new ArrayList<String>();
    long until = System.nanoTime() + UNTIL_WHOLE.toNanos();
    while (true) {
      var nexus = cluster.nexus();
      if (nexus.state().equals("ONLINE")) return lost.toString();
      assertTrue(System.nanoTime() - until < 0, () -> "not whole: " + cluster.describe());
      for (int node = 1; node <= NODES; node++) {
        var child = nexus.child(node);
        if (!child.state().equals("FAULTED")) continue;
        lost.add(node + " " + child.reason());
        cluster.online(node);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /** By itself: on its disk as an independent reader finds it, and what a node shares. */
  private void eachReplicaHolds() throws Exception {
    var sweep = new Sweep(ledger);
    for (int node = 1; node <= NODES; node++) {
      String name = "replica of node " + node;
      assertEquals(List.of(), cluster.sweepDisk(node, sweep), name);
      if (node == Trouble.NEXUS) continue;
      var share = host.open(cluster.childUri(node));
      var found = sweep.device(host.reactor(), share, Cluster.DATA_OFFSET_BYTES);
      host.close(share);
      assertEquals(List.of(), found, name);
    }
  }
}
