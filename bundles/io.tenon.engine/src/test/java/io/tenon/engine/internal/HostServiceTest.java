package io.tenon.engine.internal;

import static io.grpc.Status.Code.INTERNAL;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import io.tenon.engine.api.APIVersion;
import io.tenon.engine.api.BlockDevice;
import io.tenon.engine.api.ListBlockDevicesRequest;
import io.tenon.engine.api.NvmeController;
import io.tenon.engine.api.NvmeControllerIoStats;
import io.tenon.engine.api.NvmeControllerState;
import io.tenon.engine.api.StatNvmeControllerRequest;
import io.tenon.engine.internal.TestNode.Parts;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.InitiatorControllers.Controller;
import io.tenon.nvme.InitiatorControllers.State;
import io.tenon.nvme.InitiatorControllers.Stats;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostServiceTest {
  private static final Empty NOTHING = Empty.getDefaultInstance();

  @TempDir private Path directory = Path.of("");
  private SystemTree tree;
  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    tree = new SystemTree(directory.toRealPath());
    node = new TestNode(new Parts(tree.root(), 15_000, UnaryOperator.identity()));
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private List<String> disks(boolean all) {
    return node
        .host()
        .listBlockDevices(ListBlockDevicesRequest.newBuilder().setAll(all).build())
        .getDevicesList()
        .stream()
        .map(BlockDevice::getDevname)
        .toList();
  }

  @Test
  void theNodeSaysWhoItIsAsItRegisters() {
    var info = node.host().getMayastorInfo(NOTHING);
    assertEquals("v1.2.3", info.getVersion());
    assertTrue(info.hasPreviousFeatures());
    var registration = info.getRegistrationInfo();
    assertEquals("node-7", registration.getId());
    assertEquals("127.0.0.1:" + node.port(), registration.getGrpcEndpoint());
    assertEquals(List.of(APIVersion.V1), registration.getApiVersionList());
    assertEquals("nqn.2019-05.io.openebs:node-name:node-7", registration.getHostnqn().getValue());
    assertEquals("v1.2.3", registration.getVersion());
    assertTrue(registration.getBugfixes().getNexusRebuildReplicaAncestry());
    assertEquals(
        info.getPreviousFeatures().getAsymmetricNamespaceAccess(),
        registration.getFeatures().getAsymmetricNamespaceAccess());
    assertEquals(info, node.host().getMayastorInfo(NOTHING));
  }

  @Test
  void everyStartHasAnotherInstanceUuid() throws Exception {
    var first = node.host().getMayastorInfo(NOTHING).getRegistrationInfo().getInstanceUuid();
    try (var other = new TestNode()) {
      var second = other.host().getMayastorInfo(NOTHING).getRegistrationInfo().getInstanceUuid();
      assertNotEquals(UUID.fromString(first.getValue()), UUID.fromString(second.getValue()));
    }
  }

  @Test
  void blockDevicesAreThoseThatAPoolCouldUseUnlessAllAreAskedFor() throws Exception {
    tree.disk("pci/ata1", "sda", "8:0", 4096);
    tree.disk("pci/ata2", "sdb", "8:16", 4096);
    tree.udev("8:16", "E:ID_FS_TYPE=xfs");
    assertEquals(List.of("/dev/sda"), disks(false));
    assertEquals(List.of("/dev/sda", "/dev/sdb"), disks(true));
  }

  @Test
  void blockDevicesAreNotListedWhenItIsNotKnownWhatIsMounted() throws Exception {
    tree.disk("pci/ata1", "sda", "8:0", 4096);
    Files.delete(tree.root().resolve("proc/self/mountinfo"));
    refused(INTERNAL, "mountinfo", () -> disks(false));
  }

  @Test
  void theDisksOfThisMachineCanBeListed() throws Exception {
    try (var here = new TestNode()) {
      var all = ListBlockDevicesRequest.newBuilder().setAll(true).build();
      for (var disk : here.host().listBlockDevices(all).getDevicesList()) {
        assertTrue(disk.getDevname().startsWith("/dev/"), disk.getDevname());
        assertTrue(disk.getSize() > 0, disk.getDevname());
      }
    }
  }

  @Test
  void resourceUsageGrowsWithWhatTheNodeDoes() {
    var before = node.host().getMayastorResourceUsage(NOTHING).getUsage();
    assertTrue(before.getSoftFaults() > 0);
    for (int call = 0; call < 50; call++) disks(true);
    var after = node.host().getMayastorResourceUsage(NOTHING).getUsage();
    assertTrue(after.getVolCsw() > before.getVolCsw());
    assertTrue(after.getSoftFaults() >= before.getSoftFaults());
  }

  @Test
  void controllersOfAllTransportsAreListedWithTheirStates() {
    assertEquals(0, node.host().listNvmeControllers(NOTHING).getControllersCount());
    var expected = new ArrayList<NvmeController>();
    for (var state : State.values()) {
      var found =
          new Controller(state.name(), state, 1 << 20, 4096, new Stats(1, 2, 3, 4, 5, 6, 7));
      node.initiators.add(() -> List.of(found));
      expected.add(
          NvmeController.newBuilder()
              .setName(state.name())
              .setState(NvmeControllerState.valueOf(state.name()))
              .setSize(1 << 20)
              .setBlkSize(4096)
              .build());
    }
    assertEquals(expected, node.host().listNvmeControllers(NOTHING).getControllersList());
  }

  @Test
  void aControllerHasStatisticsByItsName() {
    String name = "10.0.0.2:8420/nqn.2019-05.io.openebs:disk";
    InitiatorControllers one =
        () ->
            List.of(
                new Controller(name, State.RUNNING, 1 << 20, 512, new Stats(1, 2, 3, 4, 5, 6, 7)));
    node.initiators.add(one);
    var request = StatNvmeControllerRequest.newBuilder();
    assertEquals(
        NvmeControllerIoStats.newBuilder()
            .setNumReadOps(1)
            .setNumWriteOps(2)
            .setNumUnmapOps(3)
            .setBytesRead(4)
            .setBytesWritten(5)
            .setBytesUnmapped(6)
            .build(),
        node.host().statNvmeController(request.setName(name).build()).getStats());
    refused(
        NOT_FOUND, "other", () -> node.host().statNvmeController(request.setName("other").build()));
    node.initiators.remove(one);
    refused(NOT_FOUND, name, () -> node.host().statNvmeController(request.setName(name).build()));
  }
}
