package io.tenon.simulation;

import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** Which seeds a test runs, and how a failure names its own. */
public final class Seeds {
  private Seeds() {}

  /**
   * {@code -Dseed=N} replays one, {@code -Dseeds=N} runs more.
   *
   * @param usual how many without either
   */
  public static LongStream of(int usual) {
    String one = System.getProperty("seed");
    if (one != null) return LongStream.of(Long.parseLong(one));
    return LongStream.rangeClosed(1, Integer.getInteger("seeds", usual));
  }

  /** Runs one seed; whatever it throws says how to see it again. */
  public static long run(long seed, LongFunction<Long> simulation) {
    try {
      return simulation.apply(seed);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(e.getMessage() + "\n" + replay(seed), e);
    }
  }

  /**
   * Runs it twice and compares the traces.
   *
   * @return the hash of what happened
   */
  public static long runTwice(long seed, LongFunction<Long> simulation) {
    long first = run(seed, simulation);
    long second = run(seed, simulation);
    if (first == second) return first;
    throw new AssertionError(
        "seed %d went two ways: %x and %x%n%s".formatted(seed, first, second, replay(seed)));
  }

  private static String replay(long seed) {
    return "replay with -Dseed=" + seed;
  }
}
