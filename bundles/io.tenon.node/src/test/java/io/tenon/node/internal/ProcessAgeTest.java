package io.tenon.node.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ProcessAgeTest {
  @Test
  void isUptimeLessTheTicksAtWhichTheProcessStarted() {
    String stat =
        "42 (a) (b c) S 1 42 42 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 30 0 12345 1 2 3 4 5 6 7";
    assertEquals(1.55, ProcessAge.seconds(stat, "125.00 200.00\n"), 0.001);
  }

  @Test
  void growsWhileThisProcessRuns() throws IOException {
    double age = ProcessAge.seconds();
    assertTrue(age > 0 && age < 3600, () -> "age " + age);
    assertTrue(ProcessAge.seconds() >= age);
  }
}
