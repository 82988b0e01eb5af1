package io.tenon.block.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;

/** A real block device on a file, by losetup(8). Root only: such tests carry {@code @Tag("root")}. */
public final class LoopDevice implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private static final Path CONTROL = Path.of("/dev/loop-control");

  private final Path path;
  private final AtomicBoolean detached = new AtomicBoolean();

  /** A process that is told to end leaves none behind either. */
  private LoopDevice(Path path) {
    this.path = path;
    Runtime.getRuntime().addShutdownHook(new Thread(this::detachAtTheEnd));
  }

  private void detachAtTheEnd() {
    try {
      detach();
    } catch (IOException e) {
      System.err.println("left behind: " + path + ": " + e);
    }
  }

  private void detach() throws IOException {
    if (detached.getAndSet(true)) return;
    run("losetup", "--detach", path.toString());
  }

  /** This process may make them. */
  public static boolean isPossible() {
    return Files.isWritable(CONTROL);
  }

  /** Skips the test, with the reason, where this process may not make them. */
  public static void assumePossible() {
    Assumptions.assumeTrue(
        isPossible(),
        () ->
            "skipped: a loop device needs root and " + CONTROL + ", which cannot be written here");
  }

  /**
   * @param blockBytes logical block size
   */
  public static LoopDevice on(Path file, int blockBytes) throws IOException {
    return new LoopDevice(
        Path.of(
            run(
                "losetup",
                "--find",
                "--show",
                "--direct-io=on",
                "--sector-size",
                String.valueOf(blockBytes),
                file.toString())));
  }

  /** It can have partitions; {@link #on} makes one that cannot. */
  public static LoopDevice withPartitions(Path file) throws IOException {
    return new LoopDevice(
        Path.of(run("losetup", "--find", "--show", "--partscan", file.toString())));
  }

  /**
   * Tells the kernel of a partition that no table has; it goes with the device.
   *
   * @return its path; the test is skipped where {@code /dev} shows no new devices
   */
  public Path addPartition(long firstSector, long sectors) throws IOException {
    run("addpart", path.toString(), "1", String.valueOf(firstSector), String.valueOf(sectors));
    var partition = Path.of(path + "p1");
    Assumptions.assumeTrue(
        Files.exists(partition), () -> "skipped: /dev does not show the new " + partition);
    return partition;
  }

  public Path path() {
    return path;
  }

  /** Makes it as large as its file is now. */
  public void refresh() throws IOException {
    run("losetup", "--set-capacity", path.toString());
  }

  /** Runs a program and returns what it says. */
  public static String run(String... command) throws IOException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), UTF_8).trim();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(List.of(command) + ": " + said);
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() throws IOException {
    detach();
  }
}
