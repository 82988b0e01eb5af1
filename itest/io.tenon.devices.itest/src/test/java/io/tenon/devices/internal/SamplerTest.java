package io.tenon.devices.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.Reservations;
import io.tenon.block.testing.ForwardingDevice;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.reactor.Reactor;
import java.lang.reflect.Proxy;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final long PATIENCE_MS = 60_000;

  private TestReactors reactors;
  private BlockDevice device;
  private Sampler sampler;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(1);
    device = new MallocProvider().open(DeviceUri.parse("malloc:///m?size_mb=1"));
    sampler = new Sampler(reactors.get(0), () -> false, PATIENCE_MS);
    write(1);
  }

  @AfterEach
  void stop() throws Exception {
    device.close();
    reactors.close();
  }

  private void write(int content) {
    byte[] block = new byte[device.geometry().blockBytes()];
    block[17] = (byte) content;
    try (var volume = new TestVolume(new DeviceSlot(device, "m"), reactors.get(0))) {
      assertEquals(IoStatus.SUCCESS, volume.write(0, block));
    }
  }

  private String refusal(Optional<Sample> before, BlockDevice now, Sampler by) {
    return by.check(before, now).map(refusal -> refusal.reason().getMessage()).orElse("");
  }

  @Test
  void aDeviceWithTheSameDataIsLetIn() {
    var before = sampler.of(device);
    assertTrue(before.isPresent());
    assertEquals("", refusal(before, device, sampler));
  }

  @Test
  void aDeviceWithOtherDataIsNot() {
    var before = sampler.of(device);
    write(2);
    var why = refusal(before, device, sampler);
    assertTrue(why.contains("other data than before"), why);
  }

  @Test
  void aDeviceThatDoesNotAnswerIsNot() {
    var before = sampler.of(device);
    var hasty = new Sampler(reactors.get(0), () -> false, 100);
    var why = refusal(before, new Silent(device), hasty);
    assertTrue(why.contains("does not answer a read within 100 ms"), why);
  }

  @Test
  void aDeviceThatOtherNodesMayWriteToIsNotComparedWithWhatItWas() {
    assertTrue(sampler.of(new Reachable(device)).isEmpty());
  }

  @Test
  void nothingIsLookedAtWhenTheNodeEnds() {
    assertTrue(new Sampler(reactors.get(0), () -> true, PATIENCE_MS).of(device).isEmpty());
  }

  /** Takes requests, and never ends one. */
  private static final class Silent extends ForwardingDevice {
    Silent(BlockDevice inner) {
      super(inner);
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return new IoChannel() {
        @Override
        protected void take(IoRequest request) {
          // that is what is wrong with it
        }

        @Override
        public void close() {
          // it has nothing
        }
      };
    }
  }

  private static final class Reachable extends ForwardingDevice {
    Reachable(BlockDevice inner) {
      super(inner);
    }

    @Override
    public Optional<Reservations> reservations() {
      return Optional.of(
          (Reservations)
              Proxy.newProxyInstance(
                  Reservations.class.getClassLoader(),
                  new Class<?>[] {Reservations.class},
                  (_, method, _) -> {
                    throw new AssertionError("nobody asked for " + method.getName());
                  }));
    }
  }
}
