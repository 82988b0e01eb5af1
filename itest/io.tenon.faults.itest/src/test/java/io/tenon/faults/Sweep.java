package io.tenon.faults;

import io.tenon.blobstore.itest.PoolDisk;
import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import io.tenon.reactor.Reactor;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads every place of a ledger once, after the load, and tells what is not as the ledger says. */
final class Sweep {
  private static final int SECTOR_BYTES = 512;
  private static final int CHUNK_PLACES = 32;

  private final Ledger ledger;
  private final boolean asHost;

  Sweep(Ledger ledger) {
    this(ledger, false);
  }

  private Sweep(Ledger ledger, boolean asHost) {
    this.ledger = ledger;
    this.asHost = asHost;
  }

  /** Reads the volume itself: what is seen there stays. */
  static Sweep asHost(Ledger ledger) {
    return new Sweep(ledger, true);
  }

  /**
   * @param offsetBytes of the data on the device
   */
  List<String> device(Reactor reactor, BlockDevice device, long offsetBytes) {
    IoChannel channel = TestReactors.on(reactor, () -> device.channel(reactor));
    try {
      var request = new TestRequest(reactor, channel, CHUNK_PLACES * Ledger.PLACE_BYTES);
      var found = new ArrayList<String>();
      for (int place = 0; place < ledger.places(); place += CHUNK_PLACES) {
        int bytes = Math.min(CHUNK_PLACES, ledger.places() - place) * Ledger.PLACE_BYTES;
        long lba = (offsetBytes + (long) place * Ledger.PLACE_BYTES) / SECTOR_BYTES;
        request.fill(0xEE, bytes);
        IoStatus status =
            request.run(io -> io.prepareRead(lba, bytes / SECTOR_BYTES, request.memory(), bytes));
        if (status.isSuccess()) judge(place, request.memory(), bytes, found);
        else found.add("the read of place " + place + " and on ended with " + status);
      }
      return found;
    } finally {
      TestReactors.run(reactor, channel::close);
    }
  }

  /**
   * @param offsetBytes of the data in the file
   */
  List<String> file(Path file, long offsetBytes) throws IOException {
    var found = new ArrayList<String>();
    try (var channel = FileChannel.open(file);
        var arena = Arena.ofConfined()) {
      var memory = arena.allocate(Ledger.PLACE_BYTES, SECTOR_BYTES);
      for (int place = 0; place < ledger.places(); place++) {
        var buffer = memory.asByteBuffer();
        long start = offsetBytes + (long) place * Ledger.PLACE_BYTES;
        while (buffer.hasRemaining()) {
          if (channel.read(buffer, start + buffer.position()) < 0) {
            throw new EOFException(file + " ends before place " + place);
          }
        }
        judge(place, memory.address(), Ledger.PLACE_BYTES, found);
      }
    }
    return found;
  }

  /**
   * The blob of this name, as the independent reader finds it on a disk.
   *
   * @param offsetBytes of the data in the blob; whole clusters
   */
  List<String> blob(PoolDisk disk, String name, long offsetBytes) throws IOException {
    var found = new ArrayList<String>();
    var blob = disk.named(name);
    int cluster = Math.toIntExact(offsetBytes / disk.clusterBytes());
    int place = 0;
    for (; place < ledger.places() && cluster < blob.map.length; cluster++) {
      var content = MemorySegment.ofBuffer(disk.read(blob, cluster));
      int places = (int) Math.min(content.byteSize() / Ledger.PLACE_BYTES, ledger.places() - place);
      try (var arena = Arena.ofConfined()) {
        int bytes = places * Ledger.PLACE_BYTES;
        var memory = arena.allocate(bytes, SECTOR_BYTES);
        MemorySegment.copy(content, 0, memory, 0, bytes);
        judge(place, memory.address(), bytes, found);
      }
      place += places;
    }
    if (place < ledger.places()) found.add(name + " ends before place " + place);
    return found;
  }

  private void judge(int first, long address, int bytes, List<String> found) {
    for (int at = 0; at < bytes; at += Ledger.PLACE_BYTES) {
      int place = first + at / Ledger.PLACE_BYTES;
      var complaint = asHost ? ledger.read(place, address + at) : ledger.judge(place, address + at);
      complaint.ifPresent(found::add);
    }
  }
}
