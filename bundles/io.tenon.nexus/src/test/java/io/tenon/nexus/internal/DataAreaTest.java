package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.Geometry;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.internal.DataArea.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DataAreaTest {
  private static final long GIB = 1L << 30;

  private static DataArea area(long sizeBytes, int blockBytes, long... blockCounts)
      throws NexusException {
    var shapes = new ArrayList<Shape>();
    for (long count : blockCounts) {
      shapes.add(new Shape("disk" + shapes.size(), new Geometry(blockBytes, count)));
    }
    return DataArea.of("n", sizeBytes, shapes);
  }

  @Test
  void dataBeginsAtFiveMebibytesWhateverTheBlockSize() throws Exception {
    assertEquals(10240, area(64 << 20, 512, GIB / 512).firstBlock());
    assertEquals(1280, area(64 << 20, 4096, GIB / 4096).firstBlock());
  }

  @Test
  void theSizeAskedForIsGivenLessOneBlock() throws Exception {
    assertEquals(131071, area(64 << 20, 512, GIB / 512).geometry().blockCount());
    assertEquals(16383, area(64 << 20, 4096, GIB / 4096).geometry().blockCount());
  }

  @Test
  void theSmallestChildLimitsTheSizeBeforeItsBackupTable() throws Exception {
    // last = n - 32 - 2 for 512 byte blocks, n - 4 - 2 for 4096
    assertEquals(
        GIB / 512 - 34 - 10240,
        area(4 * GIB, 512, 2 * GIB / 512, GIB / 512).geometry().blockCount());
    assertEquals(GIB / 4096 - 6 - 1280, area(GIB, 4096, GIB / 4096).geometry().blockCount());
  }

  @Test
  void oneBlockIsEnough() throws Exception {
    assertEquals(1, area(GIB, 512, 10240 + 1 + 34).geometry().blockCount());
    assertEquals(1, area(1024, 512, GIB / 512).geometry().blockCount());
  }

  @Test
  void noBlockIsNotEnoughAndTheMessageHasTheNumbers() {
    var small = assertThrows(NexusException.class, () -> area(GIB, 512, GIB / 512, 10240 + 34));
    assertEquals(Kind.CHILD, small.kind());
    assertTrue(small.getMessage().contains("disk1 leaves no room"), small.getMessage());
    assertTrue(small.why().contains("10274 blocks of 512 bytes"), small.why());
    assertTrue(small.why().contains("begin at block 10240 and end at block 10240"), small.why());
    var asked = assertThrows(NexusException.class, () -> area(512, 512, GIB / 512));
    assertEquals(Kind.INVALID_ARGUMENT, asked.kind());
  }

  @Test
  void blockSizesMustBeEqual() {
    var shapes =
        List.of(
            new Shape("a", new Geometry(512, GIB / 512)),
            new Shape("b", new Geometry(4096, GIB / 4096)));
    var mixed = assertThrows(NexusException.class, () -> DataArea.of("n", GIB, shapes));
    assertEquals("Child a has blocks of 512 bytes, child b of 4096 bytes.", mixed.why());
  }
}
