package io.tenon.metadata.etcd.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Listing;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreRefusedException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reading. Always through the leader, so that nothing old is shown. */
final class Ranges {
  private static final long PAGE = 100;

  private final Calls calls;
  private final Versions versions;

  Ranges(Calls calls, Versions versions) {
    this.calls = calls;
    this.versions = versions;
  }

  Optional<Entry> get(Key key, Duration within) throws StoreException {
    var found = ask(RangeRequest.newBuilder().setKey(Messages.bytes(key)).build(), within);
    return found.getKvsCount() == 0 ? Optional.empty() : Optional.of(entry(found.getKvs(0)));
  }

  /** In pages, all of the same version. */
  Listing list(Prefix prefix, Duration within) throws StoreException {
    long endNs = System.nanoTime() + within.toNanos();
    while (true) {
      try {
        return listOnce(prefix, endNs);
      } catch (StoreRefusedException e) {
        // Between two pages etcd has forgotten the version of the first: from the beginning.
        if (!Answers.saysCompacted(e.why())) throw e;
      }
    }
  }

  private Listing listOnce(Prefix prefix, long endNs) throws StoreException {
    var entries = new ArrayList<Entry>();
    var question =
        RangeRequest.newBuilder()
            .setKey(Messages.first(prefix))
            .setRangeEnd(Messages.end(prefix))
            .setLimit(PAGE);
    var page = ask(question.build(), left(endNs));
    var at = new Version(page.getHeader().getRevision());
    add(page.getKvsList(), entries);
    while (page.getMore()) {
      ByteString last = page.getKvs(page.getKvsCount() - 1).getKey();
      page =
          ask(question.setKey(Messages.after(last)).setRevision(at.value()).build(), left(endNs));
      add(page.getKvsList(), entries);
    }
    return new Listing(entries, at);
  }

  /** The store's version now, whatever this client has seen. */
  Version now(Duration within) throws StoreException {
    var question =
        RangeRequest.newBuilder().setKey(Messages.first(Prefix.ALL)).setCountOnly(true).build();
    return new Version(ask(question, within).getHeader().getRevision());
  }

  private RangeResponse ask(RangeRequest question, Duration within) throws StoreException {
    var answer = calls.ask(KVGrpc.getRangeMethod(), question, within);
    versions.seen(answer.getHeader().getRevision());
    return answer;
  }

  private static Duration left(long endNs) throws StoreUnavailableException {
    long leftNs = endNs - System.nanoTime();
    if (leftNs <= 0) throw new StoreUnavailableException("The list was not read in time.", "");
    return Duration.ofNanos(leftNs);
  }

  private static void add(List<KeyValue> found, List<Entry> entries) throws StoreRefusedException {
    for (KeyValue each : found) entries.add(entry(each));
  }

  private static Entry entry(KeyValue found) throws StoreRefusedException {
    try {
      return Messages.entry(found);
    } catch (IllegalArgumentException e) {
      throw new StoreRefusedException(
          "Under "
              + found.getKey().toStringUtf8()
              + " is something that Tenon did not write: "
              + e.getMessage()
              + ".",
          "Remove it if it is of no use, or keep it under another prefix.");
    }
  }
}
