package io.tenon.nexus.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The last thing that a nexus does with its children: all healthy ones make durable what they have acknowledged. Nobody watches them
 * afterwards; one that lost power would be another than the record says. The home reactor only, when all lanes have stopped.
 */
final class LastFlush {
  private final Reactor home;
  private final List<Child> healthy;
  private final Consumer<Boolean> then;
  private int unanswered;
  private boolean everywhere = true;

  /**
   * @param then told whether all have
   */
  LastFlush(Reactor home, List<Child> members, Consumer<Boolean> then) {
    this.home = home;
    this.then = then;
    var found = new ArrayList<Child>();
    for (Child child : members) if (child.isHealthy()) found.add(child);
    healthy = List.copyOf(found);
  }

  void begin() {
    unanswered = 1;
    for (Child child : healthy) {
      if (!child.slot().supports(IoOperation.FLUSH)) continue;
      unanswered++;
      var flush = new Flush(child.slot().channel(home));
      flush.prepareFlush();
      flush.channel.submit(flush);
    }
    answered(IoStatus.SUCCESS);
  }

  private final class Flush extends IoRequest {
    private final IoChannel channel;

    Flush(IoChannel channel) {
      this.channel = channel;
    }

    @Override
    protected void completed(IoStatus status) {
      // Not inside a completion of the channel that is to be closed.
      home.execute(
          () -> {
            channel.close();
            answered(status);
          });
    }
  }

  private void answered(IoStatus status) {
    everywhere &= status.isSuccess();
    if (--unanswered == 0) then.accept(everywhere);
  }
}
