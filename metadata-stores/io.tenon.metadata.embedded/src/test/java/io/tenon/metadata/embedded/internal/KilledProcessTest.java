package io.tenon.metadata.embedded.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real process on a real disk, killed while it writes. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class KilledProcessTest {
  private static final int ROUNDS = 50;
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path folder;

  private Process start() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "-Xmx128m",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
            "-cp",
            System.getProperty("java.class.path"),
            CrashWriter.class.getName(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void whatAKilledProcessWasAnsweredIsThereAndNothingIsHalf() throws Exception {
    var random = new SplittableRandom(1);
    long[] answered = new long[CrashWriter.WRITERS];
    for (int round = 0; round < ROUNDS; round++) {
      var process = start();
      int lines = 1 + random.nextInt(400);
      try (var out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
        assertEquals("open", out.readLine());
        for (int i = 0; i < lines; i++) note(answered, out.readLine());
        process.toHandle().destroyForcibly(); // the process itself would drop what it had said
        // What it had said before it died counts as well; its last line may be cut.
        for (var line = out.readLine(); line != null; line = out.readLine()) {
          if (line.matches("done \\d \\d+")) noteIfNext(answered, line);
        }
      }
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      check(answered);
    }
    for (long number : answered) assertTrue(number > ROUNDS, "hardly anything was written");
  }

  private static void note(long[] answered, String line) {
    assertTrue(line != null && line.startsWith("done "), () -> "the writer said " + line);
    var words = line.split(" ", -1);
    answered[Integer.parseInt(words[1])] = Long.parseLong(words[2]);
  }

  /** A line that was cut shows fewer digits. */
  private static void noteIfNext(long[] answered, String line) {
    var words = line.split(" ", -1);
    int writer = Integer.parseInt(words[1]);
    if (Long.parseLong(words[2]) == answered[writer] + 1) answered[writer]++;
  }

  private void check(long[] answered) throws Exception {
    try (var _ = FolderLock.take(folder);
        var store =
            new EmbeddedStore(new DiskFolder(folder), folder.toString(), InstantSource.system())) {
      for (int i = 0; i < answered.length; i++) {
        var entry = store.get(CrashWriter.key(i), SOON);
        var twin = store.get(CrashWriter.twin(i), SOON);
        long there = entry.isEmpty() ? 0 : CrashWriter.number(entry.get().value());
        assertTrue(
            there == answered[i] || there == answered[i] + 1,
            "writer %d was answered %d, and %d is there".formatted(i, answered[i], there));
        assertEquals(entry.map(e -> e.value()), twin.map(e -> e.value()));
        assertEquals(entry.map(e -> e.version()), twin.map(e -> e.version()));
        answered[i] = there;
      }
    }
  }

  @Test
  void aSecondProcessOnTheSameFolderIsRefusedWithTheReason() throws Exception {
    var process = start();
    try (var out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      assertEquals("open", out.readLine());
      var refusal = assertThrows(TenonException.class, () -> FolderLock.take(folder));
      assertTrue(
          refusal.getMessage().contains("Process " + process.pid() + " has it open"),
          refusal::getMessage);
    } finally {
      process.destroyForcibly();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    }
    FolderLock.take(folder).close();
  }

  @Test
  void aSecondStoreOfTheSameProcessIsRefusedToo() throws Exception {
    try (var _ = FolderLock.take(folder)) {
      var refusal = assertThrows(TenonException.class, () -> FolderLock.take(folder));
      assertTrue(
          refusal.getMessage().contains("Process " + ProcessHandle.current().pid()),
          refusal::getMessage);
    }
  }
}
