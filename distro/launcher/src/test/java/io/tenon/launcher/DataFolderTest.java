package io.tenon.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir private Path folder;

  private static Given given(Path path) {
    return new Given(path.toString(), "--data");
  }

  @Test
  void isMadeForItsOwnerOnly() throws Exception {
    Path path = folder.resolve("a/b");
    try (var data = DataFolder.open(given(path))) {
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data.path())));
    }
  }

  @Test
  void isHeldByOneNodeAtATime() throws Exception {
    try (var first = DataFolder.open(given(folder))) {
      var refused =
          assertThrows(RefusedException.class, () -> DataFolder.open(given(first.path())));
      assertTrue(refused.why().contains("process " + ProcessHandle.current().pid()), refused::why);
    }
    DataFolder.open(given(folder)).close();
  }

  @Test
  void whatANodeLeftBehindDoesNotLockIt() throws Exception {
    Files.writeString(folder.resolve("lock"), "1\n");
    DataFolder.open(given(folder)).close();
    assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(folder.resolve("lock")));
  }

  @Test
  void aFileInItsPlaceIsRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    var refused = assertThrows(RefusedException.class, () -> DataFolder.open(given(file)));
    assertTrue(refused.why().contains("cannot be made"), refused::why);
  }

  @Test
  void aPlaceWhereNothingCanBeMadeIsRefused() {
    Path nowhere = Path.of("/proc/tenon");
    var refused = assertThrows(RefusedException.class, () -> DataFolder.open(given(nowhere)));
    assertTrue(refused.why().contains("/proc/tenon"), refused::why);
  }
}
