package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditFileTest {
  @TempDir private Path folder;

  private AuditFile file() {
    return new AuditFile(folder.resolve("audit"), "log", 100, 2);
  }

  private List<String> lines(String name) throws IOException {
    return Files.readAllLines(folder.resolve("audit").resolve(name));
  }

  @Test
  void theOldestGoesWhenThereIsTooMuch() throws Exception {
    try (var file = file()) {
      for (int i = 0; i < 40; i++) file.append("line %04d".formatted(i), false);
    }
    assertEquals("line 0039", lines("log.jsonl").getLast());
    assertEquals("line 0029", lines("log.1.jsonl").getLast());
    assertEquals("line 0019", lines("log.2.jsonl").getLast());
    try (var files = Files.list(folder.resolve("audit"))) {
      assertEquals(3, files.count());
    }
  }

  @Test
  void onlyItsOwnerReadsIt() throws Exception {
    try (var file = file()) {
      file.append("x", true);
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
    }
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("audit"))));
  }

  @Test
  void aFileThatWasTakenAwayIsMadeAgain() throws Exception {
    try (var file = file()) {
      file.append("before", false);
      Files.move(file.path(), folder.resolve("elsewhere"));
      file.append("after", false);
      assertEquals(List.of("after"), lines("log.jsonl"));
    }
  }

  @Test
  void halfALineOfAKilledNodeDoesNotSpoilTheNext() throws Exception {
    try (var file = file()) {
      file.append("whole", false);
    }
    Files.writeString(folder.resolve("audit/log.jsonl"), "whole\nhal");
    try (var file = file()) {
      file.append("next", false);
      file.append("more", false);
    }
    assertEquals(List.of("whole", "hal", "next", "more"), lines("log.jsonl"));
  }

  @Test
  void aFailureIsToldAndOver() throws Exception {
    Files.writeString(folder.resolve("audit"), "in its way");
    try (var file = file()) {
      assertThrows(IOException.class, () -> file.append("lost", false));
      Files.delete(folder.resolve("audit"));
      file.append("kept", false);
    }
    assertEquals(List.of("kept"), lines("log.jsonl"));
    assertFalse(lines("log.jsonl").contains("lost"));
    assertTrue(Files.exists(folder.resolve("audit/log.jsonl")));
  }
}
