package io.tenon.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * Which seeds a test runs, and how a failure names its own.
 *
 * <p>{@code -Dseed=N} replays one, {@code -Dseeds=N} runs more. Fresh ones begin where {@code -Dtenon.seeds.from=N} or the variable TENON_SEEDS_FROM
 * (a number of the run, say) says, else where the clock does.
 */
public final class Seeds {
  private static final String ONE = "seed";
  private static final String MANY = "seeds";
  private static final String FAILED = "/failed-seeds.txt";
  private static final long FRESH = freshFrom();

  private Seeds() {}

  private static long freshFrom() {
    String from =
        System.getProperty(
            "tenon.seeds.from", System.getenv().getOrDefault("TENON_SEEDS_FROM", ""));
    // A second is a thousand seeds apart from the next: fewer than any suite of the usual size
    // runs.
    return from.isEmpty() ? System.currentTimeMillis() : Long.parseLong(from) * 1000;
  }

  /** The same ones each time, from 1. */
  public static LongStream of(int usual) {
    String one = System.getProperty(ONE);
    if (one != null) return LongStream.of(Long.parseLong(one));
    return LongStream.rangeClosed(1, Integer.getInteger(MANY, usual));
  }

  /** The same, after those that have ever failed this suite, as with {@link #fresh}. */
  public static LongStream of(Class<?> suite, int usual) {
    var same = of(usual);
    return System.getProperty(ONE) == null ? LongStream.concat(failed(suite), same) : same;
  }

  /**
   * First those that have ever failed this suite, then others than the last time. The first of them is printed, and each failure names
   * its own.
   *
   * @param suite has beside its module's classes {@code failed-seeds.txt}: lines of suite, seed, and what was wrong; {@code #} begins a comment
   */
  public static LongStream fresh(Class<?> suite, int usual) {
    String one = System.getProperty(ONE);
    if (one != null) return LongStream.of(Long.parseLong(one));
    int count = Integer.getInteger(MANY, usual);
    System.out.printf(
        "%s: fresh seeds %d to %d%n", suite.getSimpleName(), FRESH, FRESH + count - 1);
    return LongStream.concat(failed(suite), LongStream.range(FRESH, FRESH + count));
  }

  /** Those that have ever failed a suite. */
  public static LongStream failed(Class<?> suite) {
    try (var in = suite.getResourceAsStream(FAILED)) {
      if (in == null) return LongStream.empty();
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines()
          .map(line -> line.strip().split("\\s+", 3))
          .filter(words -> words[0].equals(suite.getSimpleName()))
          .mapToLong(words -> Long.parseLong(words[1]));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** No number of seeds, nor one of them, was asked for. */
  static boolean areUsual() {
    return System.getProperty(ONE) == null && System.getProperty(MANY) == null;
  }

  /** Runs one seed; whatever it throws says how to see it again. */
  public static long run(long seed, LongFunction<Long> simulation) {
    NativeMemory.makeRoom();
    try {
      return simulation.apply(seed);
    } catch (AssertionError | RuntimeException | StackOverflowError e) {
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

  /** Runs every so many-th twice, the others once: as much is found for less. */
  public static long runSomeTwice(long seed, int every, LongFunction<Long> simulation) {
    return seed % every == 0 ? runTwice(seed, simulation) : run(seed, simulation);
  }

  private static String replay(long seed) {
    return "replay with -Dseed=" + seed;
  }
}
