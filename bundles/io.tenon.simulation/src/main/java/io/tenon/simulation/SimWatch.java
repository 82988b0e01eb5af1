package io.tenon.simulation;

import io.tenon.metadata.Change;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import io.tenon.metadata.WatchEvent.Changed;
import io.tenon.metadata.WatchEvent.Current;
import io.tenon.metadata.WatchEvent.ReadAgain;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells late, in order, and all that happened while its node could not reach the store. */
final class SimWatch implements Watch {
  private static final long MOST_DELAY_NS = 20_000_000;
  private static final long RETRY_NS = 50_000_000;

  private final SimStoreClient client;
  private final Prefix prefix;
  private final Listener listener;
  private final Consumer<SimWatch> whenEnded;
  private final SimThreads threads;
  private @Nullable Version told;
  private boolean ended;

  SimWatch(
      SimStoreClient client,
      Prefix prefix,
      @Nullable Version after,
      Listener listener,
      Consumer<SimWatch> whenEnded) {
    this.client = client;
    this.prefix = prefix;
    this.told = after;
    this.listener = listener;
    this.whenEnded = whenEnded;
    this.threads = new SimThreads(client.world());
  }

  /** Looks now and then, as a stream brings several changes at once. */
  void connect() {
    later(client.store().between(1, MOST_DELAY_NS));
  }

  private void later(long delayNs) {
    client.world().schedule(delayNs, () -> threads.start(this::look));
  }

  private void look() {
    if (ended) return;
    var store = client.store();
    long frozenNs = store.frozenForNs();
    if (!client.isReachable() || frozenNs > 0) {
      later(Math.max(RETRY_NS, frozenNs));
      return;
    }
    var from = told;
    if (from == null) {
      var listing = store.list(prefix);
      told = listing.at();
      listener.event(new Current(listing));
    } else if (from.isAfter(store.version())) {
      last("The store is older than what was read.");
    } else {
      var changes = store.changesAfter(from);
      if (changes.isEmpty()) last("The store does not remember changes after " + from + ".");
      else for (Changed change : changes.get()) tell(change);
    }
    if (!ended) later(store.between(1, MOST_DELAY_NS));
  }

  private void tell(Changed transaction) {
    if (ended) return;
    told = transaction.at();
    List<Change> mine =
        transaction.changes().stream().filter(change -> prefix.matches(change.key())).toList();
    if (!mine.isEmpty()) listener.event(new Changed(transaction.at(), mine));
  }

  private void last(String why) {
    WatchEvent event = new ReadAgain(why);
    close();
    listener.event(event);
  }

  @Override
  public void close() {
    if (ended) return;
    ended = true;
    whenEnded.accept(this);
  }
}
