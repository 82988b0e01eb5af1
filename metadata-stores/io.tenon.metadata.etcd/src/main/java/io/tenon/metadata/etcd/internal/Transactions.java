package io.tenon.metadata.etcd.internal;

import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Transaction.Operation;
import io.tenon.metadata.Version;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Changing: every change is one transaction of etcd, which answers a conflict with what is there. */
final class Transactions {
  private final Calls calls;
  private final Versions versions;

  Transactions(Calls calls, Versions versions) {
    this.calls = calls;
    this.versions = versions;
  }

  Version commit(Transaction transaction, Duration within) throws StoreException {
    var question = TxnRequest.newBuilder();
    transaction
        .expected()
        .forEach(
            (key, version) -> {
              question.addCompare(
                  Compare.newBuilder()
                      .setKey(Messages.bytes(key))
                      .setTarget(Compare.CompareTarget.MOD)
                      .setResult(Compare.CompareResult.EQUAL)
                      .setModRevision(version.value()));
              question.addFailure(
                  RequestOp.newBuilder()
                      .setRequestRange(RangeRequest.newBuilder().setKey(Messages.bytes(key))));
            });
    for (Operation operation : transaction.operations()) question.addSuccess(of(operation));
    // What only asks may be asked again.
    var answer =
        transaction.operations().isEmpty()
            ? calls.ask(KVGrpc.getTxnMethod(), question.build(), within)
            : calls.change(KVGrpc.getTxnMethod(), question.build(), within);
    versions.seen(answer.getHeader().getRevision());
    if (!answer.getSucceeded()) throw conflict(transaction, answer);
    return new Version(answer.getHeader().getRevision());
  }

  private static RequestOp of(Operation operation) {
    return switch (operation) {
      case Operation.Put put ->
          RequestOp.newBuilder()
              .setRequestPut(
                  PutRequest.newBuilder()
                      .setKey(Messages.bytes(put.key()))
                      .setValue(Messages.bytes(put.value()))
                      .setLease(put.lease().map(LeaseId::value).orElse(0L)))
              .build();
      case Operation.Delete delete ->
          RequestOp.newBuilder()
              .setRequestDeleteRange(
                  DeleteRangeRequest.newBuilder().setKey(Messages.bytes(delete.key())))
              .build();
    };
  }

  private static ConflictException conflict(Transaction transaction, TxnResponse answer) {
    var found = new TreeMap<Key, Optional<Entry>>();
    int index = 0;
    for (Map.Entry<Key, Version> expected : transaction.expected().entrySet()) {
      var range = answer.getResponses(index++).getResponseRange();
      Optional<Entry> there =
          range.getKvsCount() == 0
              ? Optional.empty()
              : Optional.of(Messages.entry(range.getKvs(0)));
      if (!there.map(Entry::version).orElse(Version.NONE).equals(expected.getValue())) {
        found.put(expected.getKey(), there);
      }
    }
    return new ConflictException(found);
  }
}
