package io.tenon.swap.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.swap.DevicePause;
import io.tenon.swap.HostPause;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
  @TempDir private Path folder = Path.of("");

  private static SwapRecord swap(int number) {
    return new SwapRecord(
        Instant.ofEpochSecond(number),
        "somebody",
        "org.example.backend",
        "1.0.0",
        "1.0." + number,
        SwapResult.ROLLED_BACK,
        List.of(new DevicePause("disk \"0\"", Duration.ofNanos(number))),
        List.of(
            new HostPause("10.0.0.1:4711", Duration.ofNanos(7), false),
            new HostPause("[::1]:4712", Duration.ofNanos(8), true)),
        Duration.ofNanos(number),
        "Its start failed:\nbecause.");
  }

  @Test
  void whatWasWrittenDownIsThereAgain() {
    var file = folder.resolve("history");
    History.open(file).add(swap(1));
    History.open(file).add(swap(2));
    assertEquals(List.of(swap(1), swap(2)), History.open(file).all());
  }

  @Test
  void aLineThatACrashHasCutOffIsLeftOut() throws IOException {
    var file = folder.resolve("history");
    History.open(file).add(swap(1));
    String whole = Files.readString(file);
    Files.writeString(file, whole.substring(0, whole.length() / 2), StandardOpenOption.APPEND);
    assertEquals(List.of(swap(1)), History.open(file).all());
  }

  @Test
  void whatIsAddedAfterACutOffLineIsThereAgain() throws IOException {
    var file = folder.resolve("history");
    History.open(file).add(swap(1));
    Files.writeString(file, "{\"at\":\"19", StandardOpenOption.APPEND);
    History.open(file).add(swap(2));
    assertEquals(List.of(swap(1), swap(2)), History.open(file).all());
  }

  @Test
  void theOldestGoWhenThereAreTooMany() throws IOException {
    var file = folder.resolve("history");
    var history = History.open(file);
    for (int i = 0; i < 2500; i++) history.add(swap(i));
    assertEquals(1000, history.all().size());
    assertEquals(swap(2499), history.all().getLast());
    try (var lines = Files.lines(file)) {
      assertTrue(lines.count() <= 2000);
    }
    assertEquals(history.all(), History.open(file).all());
  }
}
