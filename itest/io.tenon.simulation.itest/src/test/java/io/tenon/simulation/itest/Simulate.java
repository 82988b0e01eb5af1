package io.tenon.simulation.itest;

import io.tenon.metadata.embedded.internal.JournalRun;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import io.tenon.simulation.itest.VolumeRun.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * One job of {@code itest/simulate}: seed after seed, until time is over. Memory that connections of a crashed node had outside the heap is given back by
 * nobody, as there is no kernel to do it; so a process that has grown ends, and the next one goes on where it was.
 */
final class Simulate {
  /** Exit status: another process is to go on. */
  private static final int GO_ON = 75;

  private static final long MOST_RESIDENT_BYTES = 2L << 30;
  private static final long PAGE_BYTES = 4096;

  /** Other worlds than clusters, which are smaller, have a turn this often. */
  private static final int OTHERS_EVERY = 8;

  private static final int DETERMINISM_EVERY = 16;

  private final Path folder;
  private final Path status;
  private final int jobs;
  private long seed;

  // Since the job began; those of this process are counted by Tally.
  private long seeds;
  private long iosBefore;
  private long faultsBefore;
  private long failures;

  private Simulate(Path folder, int job, int jobs, long first) throws IOException {
    this.folder = folder;
    this.jobs = jobs;
    status = folder.resolve("job" + job);
    seed = first + job;
    if (!Files.exists(status)) return;
    var before = Files.readString(status).strip().split(" ");
    seeds = Long.parseLong(before[0]);
    iosBefore = Long.parseLong(before[1]);
    faultsBefore = Long.parseLong(before[2]);
    failures = Long.parseLong(before[3]);
    seed += seeds * jobs;
  }

  /** A kind of world. */
  private record World(String suite, LongFunction<Long> run) {}

  private static List<World> worlds(boolean all) {
    var worlds = new ArrayList<World>();
    worlds.add(
        new World(
            "ClusterSimulationTest",
            seed -> new ClusterRun(seed).run(ClusterSimulationTest.OPERATIONS).hash()));
    if (!all) return worlds;
    for (Scenario scenario : Scenario.values()) {
      worlds.add(
          new World(
              "VolumeSimulationTest",
              seed -> new VolumeRun(seed, scenario).run(VolumeSimulationTest.OPERATIONS)));
    }
    for (boolean flips : List.of(false, true)) {
      worlds.add(
          new World(
              "VolumeSimulationTest",
              seed -> new ReconnectRun(seed, flips).run(VolumeSimulationTest.OPERATIONS)));
    }
    for (PoolRun.Scenario scenario : PoolRun.Scenario.values()) {
      worlds.add(
          new World(
              "PoolSimulationTest",
              seed -> new PoolRun(seed, scenario).run(PoolSimulationTest.OPERATIONS)));
    }
    for (var damage : PoolDamageRun.Damage.values()) {
      worlds.add(new World("DamageSimulationTest", seed -> DamageSimulationTest.run(seed, damage)));
    }
    for (var damage : JournalRun.Damage.values()) {
      worlds.add(new World("DamageSimulationTest", seed -> DamageSimulationTest.run(seed, damage)));
    }
    return worlds;
  }

  /**
   * @param arguments folder for what is found; number of this job and of all; seconds, or 0 for one seed; first seed
   */
  public static void main(String[] arguments) throws IOException {
    int job = Integer.parseInt(arguments[1]);
    int jobs = Integer.parseInt(arguments[2]);
    long endNs = System.nanoTime() + Long.parseLong(arguments[3]) * 1_000_000_000L;
    boolean isOne = arguments[3].equals("0");
    var simulate = new Simulate(Path.of(arguments[0]), job, jobs, Long.parseLong(arguments[4]));
    boolean isOver;
    do {
      simulate.all(isOne);
      isOver = isOne || System.nanoTime() > endNs;
    } while (!isOver && residentBytes() < MOST_RESIDENT_BYTES);
    System.out.println(Tally.events());
    if (!isOver) System.exit(GO_ON);
    if (simulate.failures > 0) System.exit(1);
  }

  /** proc(5): the second number is of pages. */
  private static long residentBytes() throws IOException {
    return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * PAGE_BYTES;
  }

  private void all(boolean isOne) throws IOException {
    for (World world : worlds(isOne || seeds % OTHERS_EVERY == 0)) {
      try {
        var _ = Seeds.runSomeTwice(seed, DETERMINISM_EVERY, world.run());
      } catch (AssertionError found) {
        failures++;
        tell(world.suite(), found.getMessage(), isOne);
      }
    }
    seeds++;
    seed += jobs;
    long ios = iosBefore + Tally.ios();
    long faults = faultsBefore + Tally.faults();
    write(status, "%d %d %d %d%n".formatted(seeds, ios, faults, failures));
  }

  private void tell(String suite, String what, boolean whole) throws IOException {
    write(folder.resolve(seed + ".txt"), suite + " " + seed + ": " + what + "\n");
    String first = what.lines().findFirst().orElse("");
    System.out.printf("%s %d failed: %s%n", suite, seed, whole ? what : first);
  }

  /** Whoever looks at it sees all of it. */
  private void write(Path file, String text) throws IOException {
    var beside = folder.resolve(file.getFileName() + ".new");
    Files.writeString(beside, text);
    Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
