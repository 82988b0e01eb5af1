package io.tenon.backend.uring.internal;

import io.tenon.backend.aio.internal.AioProvider;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import java.util.Arrays;
import java.util.Random;

/** A process of its own that may not use io_uring: what it finds goes to its output, one fact a line. */
final class ForbiddenUringMain {
  private static final int BLOCKS = 8;

  private ForbiddenUringMain() {}

  /**
   * @param arguments the error number of the system that forbids, and the path of a file
   */
  @SuppressWarnings("SystemOut") // the test reads it
  public static void main(String... arguments) throws Throwable {
    Seccomp.forbidUring(Integer.parseInt(arguments[0]));
    String path = arguments[1];
    try (var reactors = TestReactors.start(1)) {
      refuse(reactors, path);
      refuse(reactors, path);
      System.out.println("aio=" + roundTrip(reactors, path));
    }
    System.exit(0);
  }

  @SuppressWarnings("SystemOut")
  private static void refuse(TestReactors reactors, String path) throws DeviceException {
    try {
      new UringProvider(reactors.reactors()).open(DeviceUri.parse("uring://" + path)).close();
      System.out.println("uring=opened");
    } catch (DeviceException e) {
      System.out.println("uring=" + e.kind());
      System.out.println("why=" + e.why());
      System.out.println("remedy=" + e.remedy());
    }
  }

  private static IoStatus roundTrip(TestReactors reactors, String path) throws Exception {
    var device = new AioProvider(reactors.reactors()).open(DeviceUri.parse("aio://" + path));
    var slot = new DeviceSlot(device, "aio://" + path);
    try (var volume = new TestVolume(slot, reactors.get(0))) {
      var content = new byte[BLOCKS * 512];
      new Random(1).nextBytes(content);
      var written = volume.write(3, content);
      if (written != IoStatus.SUCCESS) return written;
      var read = volume.read(3, BLOCKS);
      if (read == IoStatus.SUCCESS && !Arrays.equals(content, volume.content(BLOCKS))) {
        return IoStatus.MISCOMPARE;
      }
      return read;
    } finally {
      TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    }
  }
}
