package io.tenon.metadata.embedded.internal;

import io.tenon.simulation.Tally;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A folder on a disk that writes a block to the wrong place, and whose bits flip. As under a kernel, whoever writes sees what was written for as
 * long as the machine is up; what the disk made of it is seen after {@link #restart}.
 */
final class WrongFolder implements Folder {
  private static final int BLOCK = 128;

  /** A file as its writer sees it, and as it is on the disk. */
  private static final class Content {
    byte[] cached = {};
    byte[] onDisk = {};
    final TreeSet<Integer> dirty = new TreeSet<>();
  }

  private final SplittableRandom random;
  private final TreeMap<String, Content> files = new TreeMap<>();

  /** Syncs with something to write until one of its blocks goes astray; negative for never. */
  private int goesAstrayAfter = -1;

  private boolean lastLeftNoTrace;

  /** Batches are no longer than half a block. */
  private final boolean smallBatches;

  WrongFolder(SplittableRandom random, boolean smallBatches) {
    this.random = random;
    this.smallBatches = smallBatches;
  }

  void goAstrayAfter(int syncs) {
    goesAstrayAfter = syncs;
  }

  /** What was synced last is not where it should be, and all that it hit may be the end of the file. */
  boolean lastLeftNoTrace() {
    return lastLeftNoTrace;
  }

  /** Only what is on the disk is left. */
  void restart() {
    for (Content content : files.values()) {
      content.cached = content.onDisk.clone();
      content.dirty.clear();
    }
  }

  /**
   * @return false when there is nothing that could flip
   */
  boolean flipBit(String name) {
    var content = files.get(name);
    if (content == null || content.onDisk.length == 0) return false;
    int bit = random.nextInt(content.onDisk.length * Byte.SIZE);
    content.onDisk[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
    Tally.fault();
    Tally.event("bits flipped in journals");
    return true;
  }

  @Override
  public boolean has(String name) {
    return files.containsKey(name);
  }

  @Override
  public byte[] read(String name) {
    return content(name).cached.clone();
  }

  private Content content(String name) {
    var content = files.get(name);
    if (content == null) throw new AssertionError("no file " + name);
    return content;
  }

  @Override
  public OpenFile open(String name) {
    return new Handle(files.computeIfAbsent(name, _ -> new Content()));
  }

  @Override
  public void rename(String from, String to) {
    var content = content(from);
    files.remove(from);
    files.put(to, content);
  }

  @Override
  public void sync() {
    // Which files there are is not what goes wrong here.
  }

  private void writeBack(Content content) {
    Tally.io();
    lastLeftNoTrace = false;
    if (content.onDisk.length != content.cached.length) {
      content.onDisk = Arrays.copyOf(content.onDisk, content.cached.length);
    }
    boolean errs = !content.dirty.isEmpty() && goesAstrayAfter >= 0 && goesAstrayAfter-- == 0;
    List<Integer> blocks = new ArrayList<>(content.dirty);
    int astray = errs ? blocks.get(random.nextInt(blocks.size())) : -1;
    for (int block : blocks) if (block != astray) put(content, block, content, block);
    if (errs) {
      Tally.fault();
      Tally.event("misdirected writes of journals");
      int there = (content.onDisk.length + BLOCK - 1) / BLOCK;
      // Where nothing of this file is, it hits what nobody reads.
      int victim = random.nextInt(there + 1);
      if (victim < there && victim != astray) put(content, astray, content, victim);
      lastLeftNoTrace = !smallBatches || victim > there - 4;
    }
    content.dirty.clear();
  }

  private static void put(Content from, int block, Content to, int at) {
    int begin = block * BLOCK;
    int length = Math.min(BLOCK, from.cached.length - begin);
    int there = Math.min(length, to.onDisk.length - at * BLOCK);
    System.arraycopy(from.cached, begin, to.onDisk, at * BLOCK, there);
  }

  private final class Handle implements OpenFile {
    private final Content content;

    Handle(Content content) {
      this.content = content;
    }

    @Override
    public void write(long offset, ByteBuffer data) {
      int at = Math.toIntExact(offset);
      int end = at + data.remaining();
      if (content.cached.length < end) content.cached = Arrays.copyOf(content.cached, end);
      for (int block = at / BLOCK; block <= (end - 1) / BLOCK; block++) content.dirty.add(block);
      data.get(content.cached, at, end - at);
    }

    @Override
    public void truncate(long size) {
      content.cached = Arrays.copyOf(content.cached, (int) Math.min(size, content.cached.length));
      content.onDisk = Arrays.copyOf(content.onDisk, (int) Math.min(size, content.onDisk.length));
      content.dirty.removeIf(block -> (long) block * BLOCK >= size);
    }

    @Override
    public void sync() {
      writeBack(content);
    }

    @Override
    public void close() {}
  }
}
