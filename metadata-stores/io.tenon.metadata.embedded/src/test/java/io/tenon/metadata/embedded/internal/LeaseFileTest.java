package io.tenon.metadata.embedded.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.metadata.LeaseId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseFileTest {
  private static final Set<LeaseId> TWO = Set.of(new LeaseId(1), new LeaseId(-7));

  @TempDir Path path;

  @Test
  void whatIsLeftIsTakenOnce() throws Exception {
    var folder = new DiskFolder(path);
    assertEquals(Set.of(), LeaseFile.take(folder));
    LeaseFile.leave(folder, TWO);
    assertEquals(TWO, LeaseFile.take(folder));
    assertEquals(Set.of(), LeaseFile.take(folder));
  }

  @Test
  void anotherVersionIsNotRead() throws Exception {
    Files.writeString(path.resolve(LeaseFile.NAME), "2\n1\n");
    assertEquals(Set.of(), LeaseFile.take(new DiskFolder(path)));
  }

  @Test
  void anyBytesAreRead() throws Exception {
    var random = new SplittableRandom(1);
    var folder = new DiskFolder(path);
    for (int round = 0; round < 1000; round++) {
      LeaseFile.leave(folder, TWO);
      byte[] bytes = Files.readAllBytes(path.resolve(LeaseFile.NAME));
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Files.write(path.resolve(LeaseFile.NAME), bytes);
      var _ = LeaseFile.take(folder);
    }
  }
}
