package io.tenon.simulation;

import io.tenon.linux.Memory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A medium whose blocks hold any bytes, as a file system's or a store's do: equal blocks have one number. */
public final class ByteMedium extends SimMedium {
  private final int blockBytes;
  private final Map<ByteBuffer, Long> numbers;
  private final List<byte[]> contents;

  /** Of zeroes. */
  public ByteMedium(int blockBytes) {
    this.blockBytes = blockBytes;
    numbers = new HashMap<>();
    contents = new ArrayList<>();
    var zeroes = new byte[blockBytes];
    numbers.put(ByteBuffer.wrap(zeroes), 0L);
    contents.add(zeroes);
  }

  private ByteMedium(ByteMedium other) {
    super(other);
    blockBytes = other.blockBytes;
    numbers = other.numbers;
    contents = other.contents;
  }

  /** The same content and cache, which then go their own way. */
  public ByteMedium copy() {
    return new ByteMedium(this);
  }

  private long number(byte[] content) {
    return numbers.computeIfAbsent(
        ByteBuffer.wrap(content),
        _ -> {
          contents.add(content);
          return (long) contents.size() - 1;
        });
  }

  @Override
  long take(long address, int bytes) {
    var content = new byte[bytes];
    Memory.copy(address, content, 0, bytes);
    return number(content);
  }

  @Override
  void show(long number, long address, int bytes) {
    Memory.copy(contents.get((int) number), 0, address, bytes);
  }

  /** What is there from the beginning. */
  public void put(long block, byte[] content) {
    if (content.length != blockBytes) throw new AssertionError(content.length + " bytes");
    write(block, number(content.clone()));
    flush();
  }

  /** Takes one block that is not zero. */
  public interface Visitor {
    /**
     * @param content not to be changed
     */
    void block(long block, byte[] content);
  }

  public void forEachBlock(Visitor visitor) {
    forEach((block, number) -> visitor.block(block, contents.get((int) number)));
  }

  /** Not to be changed. */
  public byte[] block(long block) {
    return contents.get((int) stampAt(block));
  }
}
