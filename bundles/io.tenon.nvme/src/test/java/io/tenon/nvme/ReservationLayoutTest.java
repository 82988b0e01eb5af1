package io.tenon.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationStatus.Registrant;
import io.tenon.block.ReservationType;
import io.tenon.linux.Memory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationLayoutTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsWrittenIsRead(boolean extended) {
    var registrants = new ArrayList<Registrant>();
    for (int i = 0; i < 300; i++) {
      registrants.add(new Registrant(i, i % 3 == 0, -i - 1, new UUID(extended ? i : 0, ~i)));
    }
    var status =
        new ReservationStatus(
            0xFFFF_FFFFL, Optional.of(ReservationType.EXCLUSIVE_ACCESS), true, registrants);
    int bytes = ReservationLayout.reportBytes(300, extended);
    try (var arena = Arena.ofConfined()) {
      long at = arena.allocate(bytes).address();
      ReservationLayout.write(at, status, extended);
      assertEquals(status, ReservationLayout.read(at, bytes, extended));
      var cut =
          ReservationLayout.read(at, ReservationLayout.reportBytes(7, extended) + 5, extended);
      assertEquals(registrants.subList(0, 7), cut.registrants());
      assertEquals(300, ReservationLayout.registrants(at));
    }
  }

  /** Whatever a controller sends, nothing is read behind the end of it. */
  @Test
  void anyBytesAreAReport() {
    var random = new SplittableRandom(1);
    try (var arena = Arena.ofConfined()) {
      for (int i = 0; i < 2_000; i++) {
        boolean extended = random.nextBoolean();
        int bytes = ReservationLayout.reportBytes(0, extended) + random.nextInt(1000);
        var memory = arena.allocate(bytes);
        for (int b = 0; b < bytes; b++) Memory.putByte(memory.address() + b, random.nextInt(256));
        var report = ReservationLayout.read(memory.address(), bytes, extended);
        int fit = ReservationLayout.reportBytes(report.registrants().size(), extended);
        assertTrue(fit <= bytes);
        assertTrue(report.generation() >= 0);
      }
    }
  }
}
