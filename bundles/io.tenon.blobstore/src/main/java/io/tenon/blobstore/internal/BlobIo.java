package io.tenon.blobstore.internal;

import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import org.jspecify.annotations.Nullable;

/**
 * One I/O to a blob, piece by piece: as many blocks at a time as lie side by side on the disk. A piece that has no cluster yet is read as
 * zeroes, or waits for the allocator and then looks again.
 */
final class BlobIo extends IoRequest {
  private final BlobChannel channel;
  private final long blocksPerCluster;

  /** Of {@link #blocksPerCluster}; -1 when it is no power of two. */
  private final int clusterShift;

  private final int blockShift;
  private final Runnable grantedTask;
  @Nullable BlobIo nextFree;

  private @Nullable IoRequest outer;
  private long done;
  private long step;
  private boolean submitting;
  private boolean endedInSubmit;
  private IoStatus stepStatus = IoStatus.SUCCESS;

  // For the allocator, until it answers.
  private int wantedCluster;
  private IoStatus grant = IoStatus.SUCCESS;

  BlobIo(BlobChannel channel) {
    this.channel = channel;
    this.blocksPerCluster = channel.device().blocksPerCluster();
    this.clusterShift =
        Long.bitCount(blocksPerCluster) == 1 ? Long.numberOfTrailingZeros(blocksPerCluster) : -1;
    this.blockShift = channel.device().blockShift();
    this.grantedTask = () -> channel.granted(this);
  }

  /** What the next piece needs. */
  private enum Next {
    SUBMIT,
    SKIP,
    WAIT
  }

  void start(IoRequest request) {
    outer = request;
    done = 0;
    run();
  }

  private IoRequest outer() {
    var request = outer;
    if (request == null) throw Check.bug("blob I/O without a request");
    return request;
  }

  private void run() {
    var request = outer();
    if (request.operation() == IoOperation.FLUSH) {
      prepareFlush();
      step = 0;
      if (!submit()) return;
      finish(stepStatus);
      return;
    }
    while (done < request.blocks()) {
      switch (prepareStep(request)) {
        case SKIP -> done += step;
        case WAIT -> {
          channel.await(this);
          return;
        }
        case SUBMIT -> {
          if (!submit()) return;
          if (!stepStatus.isSuccess()) {
            finish(stepStatus);
            return;
          }
          done += step;
        }
      }
    }
    finish(IoStatus.SUCCESS);
  }

  /**
   * @return true when it has ended already
   */
  private boolean submit() {
    endedInSubmit = false;
    submitting = true;
    channel.disk().submit(this);
    submitting = false;
    return endedInSubmit;
  }

  @Override
  protected void completed(IoStatus status) {
    stepStatus = status;
    if (submitting) {
      endedInSubmit = true;
      return;
    }
    if (!status.isSuccess() || outer().operation() == IoOperation.FLUSH) {
      finish(status);
      return;
    }
    done += step;
    run();
  }

  private void finish(IoStatus status) {
    var request = outer();
    outer = null;
    channel.recycle(this);
    request.complete(status);
  }

  private Next prepareStep(IoRequest request) {
    var view = channel.device().blob().view();
    long lba = request.lba() + done;
    int cluster = (int) (clusterShift < 0 ? lba / blocksPerCluster : lba >> clusterShift);
    long within = lba - cluster * blocksPerCluster;
    long left = request.blocks() - done;
    step = Math.min(left, blocksPerCluster - within);
    if (cluster >= view.map().clusters()) {
      // It was cut off while this I/O was parked.
      return reads(request) ? zeroes(request) : Next.SKIP;
    }
    int found = reads(request) ? view.find(cluster) : view.map().get(cluster);
    if (found == 0) return withoutCluster(request, view, cluster);
    extend(request, view, cluster, found, left);
    long at = found * blocksPerCluster + within;
    long memory = request.address() + (done << blockShift);
    int bytes = (int) (step << blockShift);
    switch (request.operation()) {
      case READ -> prepareRead(at, step, memory, bytes);
      case WRITE -> prepareWrite(at, step, memory, bytes);
      case WRITE_ZEROES -> prepareWriteZeroes(at, step);
      case UNMAP -> prepareUnmap(at, step);
      case FLUSH, COMPARE, COMPARE_AND_WRITE -> throw Check.bug("%s in pieces", request);
    }
    return Next.SUBMIT;
  }

  private static boolean reads(IoRequest request) {
    return request.operation() == IoOperation.READ;
  }

  /** Adds the clusters that follow on the disk as they do in the blob. */
  private void extend(IoRequest request, BlobView view, int cluster, int found, long left) {
    boolean reading = reads(request);
    int more = 1;
    while (step < left && cluster + more < view.map().clusters()) {
      int next = reading ? view.find(cluster + more) : view.map().get(cluster + more);
      if (next != found + more) return;
      step += Math.min(blocksPerCluster, left - step);
      more++;
    }
  }

  private Next withoutCluster(IoRequest request, BlobView view, int cluster) {
    return switch (request.operation()) {
      case READ -> zeroes(request);
      case UNMAP -> Next.SKIP;
      case WRITE_ZEROES -> view.find(cluster) == 0 ? Next.SKIP : wait(cluster);
      case WRITE -> wait(cluster);
      case FLUSH, COMPARE, COMPARE_AND_WRITE -> throw Check.bug("%s in pieces", request);
    };
  }

  private Next zeroes(IoRequest request) {
    Memory.zero(request.address() + (done << blockShift), step << blockShift);
    return Next.SKIP;
  }

  private Next wait(int cluster) {
    wantedCluster = cluster;
    return Next.WAIT;
  }

  // The allocator's side; messages carry it there and back.

  StoredBlob blob() {
    return channel.device().blob();
  }

  int wantedCluster() {
    return wantedCluster;
  }

  /** The allocator has done what it could. Any thread. */
  void grant(IoStatus status) {
    grant = status;
    channel.reactor().execute(grantedTask);
  }

  void goOn() {
    if (grant.isSuccess()) run();
    else finish(grant);
  }
}
