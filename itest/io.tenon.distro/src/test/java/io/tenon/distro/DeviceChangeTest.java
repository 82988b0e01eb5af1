package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceChanges;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.nexus.NexusState;
import io.tenon.reactor.Reactors;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.BundleContext;

/** A disk is opened by one backend, then by another, below a host that reads and writes. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DeviceChangeTest {
  private static final int CHANGES = 20;
  private static final int IOS_BETWEEN = 300;

  @Inject BundleContext context;
  @Inject BlockDevices devices;
  @Inject DeviceChanges changes;
  @Inject Reactors reactors;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  private final List<Double> pauses = new ArrayList<>();

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void aPoolsDiskFromAioToUringAndBack() throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, "aio")) {
      var disk = devices.find(host.disk()).orElseThrow();
      for (int i = 0; i < CHANGES; i++) {
        host.load.goesOn(IOS_BETWEEN);
        String uri = (i % 2 == 0 ? "uring://" : "aio://") + host.disk();
        change(disk, uri);
        assertEquals(i % 2 == 0 ? "URING disk" : "AIO disk", disk.productName());
        assertEquals(uri, host.diskUri());
      }
      host.load.goesOn(IOS_BETWEEN);
      host.mustBeWhole();
      tell("a pool's disk", host.load);
    }
  }

  @Test
  public void aNexusChildFromAioToUringAndBack() throws Exception {
    try (var host = new HostedNexus(context, initiator, reactors)) {
      String path = host.childA.substring("aio://".length());
      var disk = devices.find(host.childA).orElseThrow();
      for (int i = 0; i < CHANGES; i++) {
        host.load.goesOn(IOS_BETWEEN);
        change(disk, (i % 2 == 0 ? "uring://" : "aio://") + path);
        assertEquals(NexusState.ONLINE, host.nexus().state());
        // Whoever made the nexus knows its children by what he has called them.
        assertEquals(host.childA, host.nexus().children().getFirst().uri());
      }
      host.load.goesOn(IOS_BETWEEN);
      host.mustBeWhole();
      tell("a nexus' child", host.load);
    }
  }

  @Test
  public void anotherDiskOrOneOfAnotherSizeIsRefusedAndIoGoesOn() throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, "aio")) {
      var disk = devices.find(host.disk()).orElseThrow();
      host.load.goesOn(IOS_BETWEEN);
      Path other = Files.createTempFile("tenon-other", "disk");
      var refusal = refused(disk, "uring://" + other);
      assertTrue(refusal.getMessage(), refusal.why().contains(other.toString()));
      host.load.goesOn(IOS_BETWEEN);
      refusal = refused(disk, "uring://" + host.disk() + "?blk_size=4096");
      assertTrue(refusal.getMessage(), refusal.why().contains("4096, expected 512"));
      assertTrue(refusal.getMessage(), refusal.remedy().contains("as before"));
      host.load.goesOn(IOS_BETWEEN);
      assertEquals("aio://" + host.disk(), host.diskUri());
      host.mustBeWhole();
      Files.delete(other);
    }
  }

  /** The path is the same, what lies there is not: only its content can tell. */
  @Test
  public void anotherFileInItsPlaceIsNeverLetIn() throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, "aio")) {
      var disk = devices.find(host.disk()).orElseThrow();
      host.load.goesOn(IOS_BETWEEN);
      Path path = Path.of(host.disk());
      Path away = path.resolveSibling("away");
      Files.move(path, away);
      try (var made = new RandomAccessFile(path.toFile(), "rw")) {
        made.setLength(Files.size(away));
      }
      var refusal = refused(disk, "uring://" + path);
      assertTrue(refusal.getMessage(), refusal.why().contains("other data"));
      assertEquals(SlotState.VACANT, disk.state());
      Files.move(away, path, StandardCopyOption.REPLACE_EXISTING);
      host.load.goesOn(IOS_BETWEEN);
      assertEquals("aio://" + path, disk.uri());
      host.mustBeWhole();
    }
  }

  private DeviceException refused(DeviceSlot disk, String uri) {
    var refusal = assertThrows(DeviceException.class, () -> changes.change(disk, uri));
    assertEquals(refusal.getMessage(), Kind.MISMATCH, refusal.kind());
    return refusal;
  }

  private void change(DeviceSlot disk, String uri) throws DeviceException {
    pauses.add(changes.change(disk, uri).pause().toNanos() / 1e6);
  }

  private void tell(String what, CheckedLoad load) {
    pauses.sort(null);
    System.err.printf(
        "%s, by %d changes of its backend: pauses median %.1f ms, longest %.1f ms; longest pause of a host's I/O %d ms%n",
        what,
        pauses.size(),
        pauses.get(pauses.size() / 2),
        pauses.getLast(),
        load.longestPauseMs());
  }
}
