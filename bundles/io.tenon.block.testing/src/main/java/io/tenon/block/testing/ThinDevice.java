package io.tenon.block.testing;

import io.tenon.block.AllocationQuery;
import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.reactor.Reactor;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;

/** A new device as it is, that says which of its pieces have been written. Pieces of any number of blocks; any thread. */
public final class ThinDevice extends ForwardingDevice {
  private final long blocksPerPiece;
  private final BitSet written = new BitSet();
  private final AtomicInteger questions = new AtomicInteger();

  /**
   * @param plain which holds nothing but zeroes
   */
  public ThinDevice(BlockDevice plain, long blocksPerPiece) {
    super(plain);
    this.blocksPerPiece = blocksPerPiece;
  }

  /** That it was asked. */
  public int questions() {
    return questions.get();
  }

  /** Pieces that were written. */
  public int pieces() {
    synchronized (written) {
      return written.cardinality();
    }
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new Channel(inner().channel(reactor));
  }

  private int pieceOf(long lba) {
    return (int) (lba / blocksPerPiece);
  }

  private final class Channel extends IoChannel {
    private final IoChannel next;

    Channel(IoChannel next) {
      this.next = next;
    }

    @Override
    protected void take(IoRequest request) {
      switch (request.operation()) {
        case WRITE, WRITE_ZEROES, COMPARE_AND_WRITE -> {
          if (request.blocks() > 0 && request.isWithin(geometry().blockCount())) note(request);
        }
        default -> {}
      }
      pass(request, next);
    }

    private void note(IoRequest request) {
      synchronized (written) {
        written.set(pieceOf(request.lba()), pieceOf(request.lba() + request.blocks() - 1) + 1);
      }
    }

    @Override
    protected void look(AllocationQuery query) {
      questions.incrementAndGet();
      boolean allocated;
      int behind;
      int end = pieceOf(query.lba() + query.blocks() - 1) + 1;
      synchronized (written) {
        int first = pieceOf(query.lba());
        allocated = written.get(first);
        behind = allocated ? written.nextClearBit(first) : written.nextSetBit(first);
      }
      if (behind < 0 || behind > end) behind = end;
      query.answer(allocated, Math.min(query.blocks(), behind * blocksPerPiece - query.lba()));
    }

    @Override
    public boolean consumesInline() {
      return next.consumesInline();
    }

    @Override
    public boolean lendsMemory() {
      return next.lendsMemory();
    }

    @Override
    public void close() {
      next.close();
    }
  }
}
