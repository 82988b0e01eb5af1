package io.tenon.launcher;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartLevelsTest {
  /** A framework stops the highest level first. */
  private static void endsBefore(String first, String then) {
    assertTrue(StartLevels.of(first) > StartLevels.of(then), first + " must end before " + then);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "io.tenon.backend.aio",
        "io.tenon.backend.uring",
        "io.tenon.reactor",
        "io.tenon.devices",
        "io.tenon.transport.nvmetcp",
        "org.example.backend.hotdeployed"
      })
  void poolsEndWhileTheirDisksAreThere(String ground) {
    endsBefore("io.tenon.pool", ground);
    endsBefore("io.tenon.blobstore", ground);
  }

  @Test
  void aNexusEndsBeforeItsChildrenAndItsStore() {
    endsBefore("io.tenon.nexus", "io.tenon.pool");
    endsBefore("io.tenon.nexus", "io.tenon.metadata.embedded");
    endsBefore("io.tenon.nexus", "io.tenon.transport.nvmetcp");
  }
}
