package io.tenon.transport.nvmetcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.RandomLoad;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.Transport;
import io.tenon.nvme.internal.Target;
import io.tenon.reactor.Reactors;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every transport does, seen from the model's side and from a host's. A transport's test extends this, and says how to
 * open it and how a host reaches it.
 */
public abstract class TransportContract {
  private static final int DEPTH = 64;

  private TestReactors reactors;
  private StrictTarget target;
  private Transport transport;
  private DeviceProvider host;
  private DeviceSlot served;
  private Subsystem shared;
  private List<Long> buffersFree;

  /** Listens on some port of this machine. */
  protected abstract Transport open(Reactors with, NvmeTarget model) throws Exception;

  protected abstract void close(Transport opened);

  /** Opens URIs of {@link Transport#uriScheme()}. */
  protected abstract DeviceProvider host(Reactors with);

  protected abstract void close(DeviceProvider opened);

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    buffersFree = buffersFree();
    var model = new Target("", 4, "test");
    target = new StrictTarget(model);
    transport = open(reactors.reactors(), target);
    model.addTransport(transport);
    host = host(reactors.reactors());
    String uri = "malloc:///contract?size_mb=8";
    served = new DeviceSlot(new MallocProvider().open(DeviceUri.parse(uri)), uri);
    shared = target.share(served, ShareOptions.anyHost());
  }

  /** Whatever a test did: nothing is left, and the transport kept to the order of calls. */
  @AfterEach
  void stop() throws Exception {
    close(host);
    close(transport);
    Waiting.until("all queues and commands end", () -> target.queues() == 0 && target.open() == 0);
    assertEquals(List.of(), target.faults());
    assertEquals(buffersFree, buffersFree());
    target.unshare(shared);
    TestReactors.await(served.fail("The test ends.").toCompletableFuture());
    reactors.close();
  }

  private List<Long> buffersFree() {
    return reactors.reactors().stats().stream().map(stats -> stats.buffersFree()).toList();
  }

  private DeviceSlot connect() throws Exception {
    var address = transport.listening().get(0);
    String uri =
        "%s://%s:%d/%s"
            .formatted(
                transport.uriScheme(), address.getHostString(), address.getPort(), shared.nqn());
    return new DeviceSlot(host.open(DeviceUri.parse(uri)), uri);
  }

  private static void end(DeviceSlot remote) {
    TestReactors.await(remote.fail("The test is done with it.").toCompletableFuture());
  }

  @Test
  void itSaysWhereItListensAndShareUrisNameIt() {
    var address = transport.listening().get(0);
    assertTrue(address.getPort() > 0);
    String start =
        "%s://%s:%d/"
            .formatted(
                transport.uriScheme(), address.getAddress().getHostAddress(), address.getPort());
    assertTrue(target.shareUris(shared).contains(start + shared.nqn()));
  }

  @Test
  void aLoadOnEveryReactorEndsEachCommandOnce() throws Exception {
    var remote = connect();
    long half = remote.geometry().blockCount() / 2;
    var here = new TestVolume(remote, reactors.get(0));
    var there = new TestVolume(remote, reactors.get(1));
    var first = new RandomLoad(here, 0, half, DEPTH, 50, 1);
    var second = new RandomLoad(there, half, half, DEPTH, 50, 2);
    second.start();
    first.run();
    second.await();
    assertTrue(target.begun() > 2 * DEPTH * 50);
    here.close();
    there.close();
    end(remote);
  }

  @Test
  void aHostThatGoesAwayIsToldAndItsControllerEnds() throws Exception {
    var remote = connect();
    assertFalse(shared.controllers().isEmpty());
    end(remote);
    Waiting.until("no controller is left", () -> shared.controllers().isEmpty());
    Waiting.until("no queue is left", () -> target.queues() == 0);
  }

  @Test
  void hostsOfASubsystemThatEndsAreDisconnected() throws Exception {
    var remote = connect();
    var volume = new TestVolume(remote, reactors.get(0));
    assertEquals(IoStatus.SUCCESS, volume.read(0, 8));
    target.unshare(shared);
    Waiting.until("the hosts are disconnected", () -> target.queues() == 0);
    Waiting.until("its I/O fails", () -> volume.read(0, 8) != IoStatus.SUCCESS);
    volume.close();
    end(remote);
    shared = target.share(served, ShareOptions.anyHost());
  }

  @Test
  void aPausedSubsystemKeepsItsHostsAndTheirIoWaits() throws Exception {
    var remote = connect();
    var volume = new TestVolume(remote, reactors.get(0));
    TestReactors.await(shared.pause().toCompletableFuture());
    var request = volume.request(4096);
    var reading = request.start(io -> io.prepareRead(0, 8, request.memory(), 4096));
    assertFalse(reading.isDone());
    shared.resume();
    assertEquals(IoStatus.SUCCESS, TestReactors.await(reading));
    volume.close();
    end(remote);
  }
}
