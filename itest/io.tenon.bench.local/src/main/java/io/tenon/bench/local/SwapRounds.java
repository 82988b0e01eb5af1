package io.tenon.bench.local;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The swaps of one bundle at one load, one after the other: how long its devices paused, and what the host felt of it. A swap that the node
 * took back is counted and its reason told; the others go on.
 */
final class SwapRounds {
  private static final double NS_PER_MS = 1e6;
  private static final double NS_PER_S = 1e9;
  private static final long TELL_EVERY_NS = TimeUnit.SECONDS.toNanos(30);

  /** Of more than so many of a hundred that failed, or of more than a few, the others' pauses are no figure of anything. */
  private static final int MOST_FAILED_PERCENT = 5;

  private static final int FEW = 3;
  private static final int LONGEST_REASON = 300;
  private static final Pattern PAUSE = Pattern.compile("\"longest_pause_ms\" : ([0-9.]+)");
  private static final Pattern BROKEN = Pattern.compile("\"broken\" : true");

  private final String name;
  private final BenchNode node;
  private final String swap;
  private final long[] pauses;
  private final long[] slowest;
  private final long[] without;
  private int done;
  private int failed;
  private long quietNs;
  private long quietDone;

  /**
   * @param name of the bundle's kind and of the load, for people who wait
   * @param swap what is said to the node's shell
   */
  SwapRounds(String name, BenchNode node, String swap, int rounds) {
    this.name = name;
    this.node = node;
    this.swap = swap;
    this.pauses = new long[rounds];
    this.slowest = new long[rounds];
    this.without = new long[rounds];
  }

  /**
   * @param host none for an idle node
   */
  SwapRounds run(Optional<Load> host) throws Exception {
    long startNs = System.nanoTime();
    long toldNs = startNs;
    for (int i = 1; i <= pauses.length; i++) {
      if (host.isPresent()) host.get().takeSlowestNs();
      long beganNs = System.nanoTime();
      var answer = node.ask(swap);
      long tookNs = System.nanoTime() - beganNs;
      var pauseMs = pauseMs(answer);
      if (pauseMs.isEmpty()) {
        fail(answer);
      } else {
        pauses[done] = (long) (pauseMs.getAsDouble() * NS_PER_MS);
        if (host.isPresent()) compare(host.get(), tookNs);
        done++;
      }
      long nowNs = System.nanoTime();
      if (nowNs - toldNs < TELL_EVERY_NS) continue;
      toldNs = nowNs;
      long leftNs = (nowNs - startNs) / i * (pauses.length - i);
      System.err.printf(
          "%s: %d of %d, about %d s left%n",
          name, i, pauses.length, TimeUnit.NANOSECONDS.toSeconds(leftNs));
    }
    return this;
  }

  /** The slowest I/O of the swap against that of a time as long without one. */
  private void compare(Load host, long tookNs) throws Exception {
    slowest[done] = host.takeSlowestNs();
    long doneBefore = host.done();
    long beganNs = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(tookNs);
    quietNs += System.nanoTime() - beganNs;
    quietDone += host.done() - doneBefore;
    without[done] = host.takeSlowestNs();
  }

  /** Empty when it was no good swap. */
  private static OptionalDouble pauseMs(BenchNode.Answer answer) {
    var pause = PAUSE.matcher(answer.text());
    boolean isGood = answer.status() == 0 && !BROKEN.matcher(answer.text()).find();
    if (!isGood || !pause.find()) return OptionalDouble.empty();
    return OptionalDouble.of(Double.parseDouble(pause.group(1)));
  }

  private void fail(BenchNode.Answer answer) throws IOException {
    failed++;
    String text = answer.text().strip();
    String reason = text.substring(0, Math.min(text.length(), LONGEST_REASON));
    System.err.printf("%s: no good swap: %s%n", name, reason);
    if (failed > Math.max(FEW, pauses.length * MOST_FAILED_PERCENT / 100)) {
      throw new IOException(failed + " of " + (failed + done) + " swaps failed");
    }
  }

  /** I/Os that the host has done while nothing was replaced. */
  double aSecond() {
    return quietDone * NS_PER_S / quietNs;
  }

  /** Members of a JSON object, of an idle node. */
  String idle() {
    return "\"swaps\":%d,\"failed\":%d,".formatted(done, failed) + shares("pause", pauses);
  }

  /**
   * The same under a host.
   *
   * @param wanted its I/Os a second; 0 for as many as go
   */
  String loaded(double wanted) {
    return String.join(
        ",",
        idle(),
        shares("slowest_io", slowest),
        shares("slowest_io_without", without),
        String.format(Locale.ROOT, "\"wanted_iops\":%.0f,\"iops\":%.0f", wanted, aSecond()));
  }

  private String shares(String of, long[] ns) {
    return Samples.shares(of, Arrays.copyOf(ns, done));
  }
}
