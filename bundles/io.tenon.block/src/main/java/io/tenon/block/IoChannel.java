package io.tenon.block;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * One reactor's private way into a block device; shares nothing with other channels on the I/O path. That reactor's thread
 * only.
 */
@ConsumerType
public abstract class IoChannel {
  /**
   * Takes the request and ends it by {@link IoRequest#complete}, perhaps before this returns. Never throws for a failing
   * device, and never blocks.
   *
   * <p>The submitter has checked the range against {@link BlockDevice#geometry()} and the operation against {@link
   * BlockDevice#supports}; a device checks the range again, since its size may change.
   */
  public final void submit(IoRequest request) {
    request.begin();
    take(request);
  }

  /** The device's part of {@link #submit}. */
  protected abstract void take(IoRequest request);

  /** For a channel that passes a request on unchanged to the channel behind it. */
  protected static void pass(IoRequest request, IoChannel next) {
    next.take(request);
  }

  /**
   * Asks which blocks hold data; answered by {@link AllocationQuery#answer}, perhaps before this returns. Nothing is read or written
   * for it. It may wait for what is just being unmapped or zeroed.
   */
  public final void ask(AllocationQuery query) {
    query.begin();
    look(query);
  }

  /** The device's part of {@link #ask}; not blocking. As it is here it is right for a device that does not know. */
  protected void look(AllocationQuery query) {
    query.answerUnknown();
  }

  /** For a channel that passes a question on unchanged to the channel behind it. */
  protected static void pass(AllocationQuery query, IoChannel next) {
    next.look(query);
  }

  /**
   * A write's memory has been read when submit returns, whatever the completion does: the caller may hand over memory that
   * it needs back at once, at any alignment, such as a piece of a receive buffer.
   */
  public boolean consumesInline() {
    return false;
  }

  /** Reads made by {@link IoRequest#prepareLentRead} are served from the device's own memory. */
  public boolean lendsMemory() {
    return false;
  }

  /** Nothing is in flight any more; frees what the channel holds. */
  public abstract void close();
}
