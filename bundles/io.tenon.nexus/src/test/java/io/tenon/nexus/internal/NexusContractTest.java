package io.tenon.nexus.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A nexus over two children in memory does what every block device does, and allocates as little. */
class NexusContractTest extends BlockDeviceContract {
  @Override
  protected DeviceProvider provider(TestReactors reactors) {
    return new Mirrors(reactors, 2, new NexusParts(), _ -> {});
  }

  @Override
  protected String uri(String name, int blockBytes) {
    return "mirror:///%s?blk_size=%d".formatted(name, blockBytes);
  }

  @Override
  protected void stopProvider(DeviceProvider used) {
    if (!(used instanceof Mirrors mirrors)) throw new AssertionError(used);
    for (NexusDevice made : mirrors.made) {
      var stopped = new CompletableFuture<Void>();
      made.membership().shutDown("The test ends.", () -> stopped.complete(null));
      TestReactors.await(stopped);
    }
    for (DeviceSlot child : mirrors.children.values()) {
      TestReactors.await(child.fail("The test ends.").toCompletableFuture());
    }
  }

  /** Makes nexuses of children that outlive them. */
  static final class Mirrors implements DeviceProvider {
    private final TestReactors reactors;
    private final int count;
    private final NexusParts parts;
    private final Consumer<Made> then;
    private final Map<String, DeviceSlot> children = new TreeMap<>();
    private final List<NexusDevice> made = new ArrayList<>();

    /** A nexus, and a child that it could have too. */
    record Made(NexusDevice nexus, String spareUri, DeviceSlot spare) {}

    /**
     * @param then done with each nexus before it is used
     */
    Mirrors(TestReactors reactors, int count, NexusParts parts, Consumer<Made> then) {
      this.reactors = reactors;
      this.count = count;
      this.parts = parts;
      this.then = then;
    }

    @Override
    public String deviceName(DeviceUri uri) {
      return uri.name();
    }

    private DeviceSlot child(String uri) throws DeviceException {
      var present = children.get(uri);
      if (present != null) return present;
      var opened =
          new DeviceSlot(
              new MallocProvider().open(DeviceUri.parse(uri)),
              uri,
              InstantSource.system(),
              Runnable::run);
      children.put(uri, opened);
      return opened;
    }

    private static String childUri(String name, int index, int blockBytes) {
      return "malloc:///%s-%d?size_mb=16&blk_size=%d".formatted(name, index, blockBytes);
    }

    @Override
    public BlockDevice open(DeviceUri uri) throws DeviceException {
      uri.allowOnly(Set.of("blk_size", "uuid"));
      var uuid = uri.uuid().orElse(UUID.nameUUIDFromBytes(uri.name().getBytes(UTF_8)));
      int blockBytes = (int) uri.number("blk_size", 512);
      var kids = new ArrayList<Child>();
      var shapes = new ArrayList<DataArea.Shape>();
      for (int i = 0; i < count; i++) {
        String child = childUri(uri.name(), i, blockBytes);
        var slot = child(child);
        kids.add(new Child(uri.name(), i, child, slot));
        shapes.add(new DataArea.Shape(child, slot.geometry()));
      }
      try {
        // One block more than there are to be: so Mayastor counts.
        var area = DataArea.of(uri.name(), DEVICE_BYTES + blockBytes, shapes);
        var nexus =
            new NexusDevice(
                new NexusDevice.Plan(
                    uri.name(),
                    uuid,
                    area,
                    kids,
                    ReadPolicy.ROUND_ROBIN,
                    reactors.reactors().all(),
                    NexusDevice.DEPTH,
                    RetirementRecord.NOTHING,
                    InstantSource.system(),
                    new Nothing(),
                    parts));
        made.add(nexus);
        String spare = childUri(uri.name(), count, blockBytes);
        then.accept(new Made(nexus, spare, child(spare)));
        return nexus;
      } catch (NexusException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static final class Nothing implements NexusWatcher {
    @Override
    public void childIsIdle(String nexus, Child child) {}

    @Override
    public void stoppedByItself(String nexus, String why) {
      throw new AssertionError(why);
    }

    @Override
    public void closed(String nexus) {}
  }
}
