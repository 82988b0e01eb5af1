package io.tenon.nexus.internal;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.BlockDeviceContract;
import io.tenon.block.testing.TestReactors;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Set;
import java.util.UUID;

/** A nexus over two children in memory does what every block device does, and allocates as little. */
class NexusContractTest extends BlockDeviceContract {
  @Override
  protected DeviceProvider provider(TestReactors reactors) {
    return new Mirrors(reactors);
  }

  @Override
  protected String uri(String name, int blockBytes) {
    return "mirror:///%s?blk_size=%d".formatted(name, blockBytes);
  }

  @Override
  protected boolean outlivesClosing() {
    return false;
  }

  private record Mirrors(TestReactors reactors) implements DeviceProvider {
    @Override
    public String deviceName(DeviceUri uri) {
      return uri.name();
    }

    @Override
    public BlockDevice open(DeviceUri uri) throws DeviceException {
      uri.allowOnly(Set.of("blk_size", "uuid"));
      var uuid = uri.uuid().orElseGet(UUID::randomUUID);
      int blockBytes = (int) uri.number("blk_size", 512);
      var children = new ArrayList<Child>();
      var shapes = new ArrayList<DataArea.Shape>();
      for (int i = 0; i < 2; i++) {
        String child =
            "malloc:///%s-%d?size_mb=16&blk_size=%d".formatted(uri.name(), i, blockBytes);
        var device = new MallocProvider().open(DeviceUri.parse(child));
        var slot = new DeviceSlot(device, child, InstantSource.system(), Runnable::run);
        children.add(new Child(uri.name(), i, child, slot));
        shapes.add(new DataArea.Shape(child, slot.geometry()));
      }
      try {
        // One block more than there are to be: so Mayastor counts.
        var area = DataArea.of(uri.name(), DEVICE_BYTES + blockBytes, shapes);
        return new NexusDevice(
            new NexusDevice.Plan(
                uri.name(),
                uuid,
                area,
                children,
                ReadPolicy.ROUND_ROBIN,
                reactors.reactors().all(),
                NexusDevice.DEPTH,
                RetirementRecord.NOTHING,
                InstantSource.system(),
                new Closer(children),
                new NexusParts()));
      } catch (NexusException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Closes the children with the nexus. */
  private record Closer(Iterable<Child> children) implements NexusWatcher {
    @Override
    public void childIsIdle(String nexus, Child child) {
      throw new AssertionError(child.uri() + " went out");
    }

    @Override
    public void stoppedByItself(String nexus, String why) {
      throw new AssertionError(why);
    }

    @Override
    public void closed(String nexus) {
      for (Child child : children) {
        TestReactors.await(child.slot().fail("The nexus is closed.").toCompletableFuture());
      }
    }
  }
}
