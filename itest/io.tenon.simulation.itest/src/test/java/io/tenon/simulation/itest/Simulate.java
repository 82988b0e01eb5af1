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

/** One job of {@code itest/simulate}: seed after seed, until time is over. */
final class Simulate {
  /** Other worlds than clusters, which are smaller, have a turn this often. */
  private static final int OTHERS_EVERY = 8;

  private static final int DETERMINISM_EVERY = 16;

  private final Path folder;
  private final Path status;
  private long seeds;
  private long failures;

  private Simulate(Path folder, int job) {
    this.folder = folder;
    status = folder.resolve("job" + job);
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
    var simulate = new Simulate(Path.of(arguments[0]), job);
    for (long seed = Long.parseLong(arguments[4]) + job; ; seed += jobs) {
      simulate.all(seed, isOne);
      if (isOne || System.nanoTime() > endNs) break;
    }
    System.out.println(Tally.events());
    if (simulate.failures > 0) System.exit(1);
  }

  private void all(long seed, boolean isOne) throws IOException {
    for (World world : worlds(isOne || seed % OTHERS_EVERY == 0)) {
      try {
        var _ = Seeds.runSomeTwice(seed, DETERMINISM_EVERY, world.run());
      } catch (AssertionError found) {
        failures++;
        tell(seed, world.suite(), found.getMessage(), isOne);
      }
    }
    seeds++;
    write(status, "%d %d %d %d%n".formatted(seeds, Tally.ios(), Tally.faults(), failures));
  }

  private void tell(long seed, String suite, String what, boolean whole) throws IOException {
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
