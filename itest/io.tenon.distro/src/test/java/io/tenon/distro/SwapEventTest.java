package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.Swaps;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.inject.Inject;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/** What Java Flight Recorder and the counters say of a swap. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class SwapEventTest {
  private static final String MALLOC = "io.tenon.backend.malloc";

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  @Inject Swaps swaps;
  @Inject BlockDevices devices;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void eachSwapThatWasTriedIsAnEventWithItsPause() throws Exception {
    var device = devices.create("malloc:///recorded?size_mb=8");
    var file = Files.createTempFile("tenon-swaps", ".jfr");
    var before = swaps.counters();
    try (var recording = new Recording()) {
      recording.enable("io.tenon.Swap");
      recording.start();
      var done = swaps.swap(request(Jars.of(MALLOC)));
      assertThrows(SwapException.class, () -> swaps.swap(request(Path.of("/nowhere.jar"))));
      recording.stop();
      recording.dump(file);
      List<RecordedEvent> events = RecordingFile.readAllEvents(file);
      assertEquals(events.toString(), 2, events.size());

      var swapped = events.getFirst();
      assertEquals(MALLOC, swapped.getString("bundle"));
      assertEquals(done.toVersion(), swapped.getString("toVersion"));
      assertEquals("SWAPPED", swapped.getString("result"));
      assertEquals(1, swapped.getInt("devices"));
      assertEquals(0, swapped.getInt("hosts"));
      assertEquals(0, swapped.getInt("brokenConnections"));
      assertEquals(done.longestPause(), swapped.getDuration("longestPause"));
      assertTrue(swapped.getDuration().compareTo(done.longestPause()) >= 0);

      var refused = events.getLast();
      assertEquals("REFUSED", refused.getString("result"));
      assertTrue(refused.toString(), refused.getString("reason").contains("no such file"));

      var after = swaps.counters();
      assertEquals(before.swapped() + 1, after.swapped());
      assertEquals(before.refused() + 1, after.refused());
      assertEquals(before.devicePauses() + 1, after.devicePauses());
      assertEquals(before.totalPause().plus(done.longestPause()), after.totalPause());
    } finally {
      Files.delete(file);
      devices.destroy(device);
    }
  }

  private static SwapRequest request(Path jar) {
    return new SwapRequest(MALLOC, jar.toUri(), "the test", DEADLINE_MS);
  }
}
