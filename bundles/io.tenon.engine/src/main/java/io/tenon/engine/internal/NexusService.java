package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreateNexusResponse;
import io.tenon.engine.api.DestroyNexusRequest;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListNexusResponse;
import io.tenon.engine.api.NexusNvmePreemption;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.engine.api.NvmeReservation;
import io.tenon.engine.api.PublishNexusRequest;
import io.tenon.engine.api.PublishNexusResponse;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShutdownNexusRequest;
import io.tenon.engine.api.ShutdownNexusResponse;
import io.tenon.engine.api.UnpublishNexusRequest;
import io.tenon.engine.api.UnpublishNexusResponse;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.Nexuses;
import java.util.Optional;
import java.util.UUID;

/** {@code mayastor.v1.NexusRpc}: nexuses, without what later versions add (see {@link LaterMethods}). */
final class NexusService extends NexusRpcGrpc.NexusRpcImplBase {
  /** Length of an encryption key, from the days of iSCSI; accepted and not used. */
  private static final int KEY_LENGTH = 16;

  private final Nexuses nexuses;
  private final Locks locks;

  NexusService(Nexuses nexuses, long defaultDeadlineMs) {
    this.nexuses = nexuses;
    this.locks = new Locks(defaultDeadlineMs);
  }

  @Override
  public void createNexus(
      CreateNexusRequest request, StreamObserver<CreateNexusResponse> observer) {
    answer(
        observer,
        () -> {
          var spec = spec(request);
          try (var _ = locks.lock(spec.uuid())) {
            return CreateNexusResponse.newBuilder()
                .setNexus(NexusMessages.message(nexuses.create(spec)))
                .build();
          }
        });
  }

  private static NexusSpec spec(CreateNexusRequest request) throws StatusException {
    checkReservation(request);
    return new NexusSpec(
        request.getName(),
        Uuids.parse(request.getUuid()),
        request.getSize(),
        request.getChildrenList(),
        request.getMinCntlId(),
        request.getMaxCntlId(),
        ReadPolicy.LOCAL_FIRST);
  }

  private static void checkReservation(CreateNexusRequest request) throws StatusException {
    boolean holder = request.getPreemptPolicy() == NexusNvmePreemption.Holder;
    if (request.getResvKey() == 0 && (holder || request.getPreemptKey() != 0)) {
      throw Answers.invalid(
          "Nexus %s was not created: %s needs a reservation key, which is 0."
              .formatted(request.getName(), holder ? "preempt policy Holder" : "a preempt key"));
    }
    if (holder && request.getPreemptKey() != 0) {
      throw Answers.invalid(
          "Nexus %s was not created: preempt policy Holder goes without a preempt key."
              .formatted(request.getName()));
    }
    if (request.getPreemptPolicy() == NexusNvmePreemption.UNRECOGNIZED) {
      throw Answers.invalid(
          "Nexus %s was not created: preempt policy %d is unknown."
              .formatted(request.getName(), request.getPreemptPolicyValue()));
    }
    if (request.getResvType() == NvmeReservation.UNRECOGNIZED) {
      throw Answers.invalid(
          "Nexus %s was not created: reservation type %d is unknown."
              .formatted(request.getName(), request.getResvTypeValue()));
    }
  }

  @Override
  public void destroyNexus(DestroyNexusRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          var uuid = Uuids.parse(request.getUuid());
          try (var _ = locks.lock(uuid)) {
            existing(uuid).destroy();
            return Empty.getDefaultInstance();
          }
        });
  }

  /** By name an absent nexus is an empty list, by uuid an error; name wins when both are set. */
  @Override
  public void listNexus(ListNexusOptions request, StreamObserver<ListNexusResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListNexusResponse.newBuilder();
          if (request.hasName()) {
            add(list, nexuses.findByName(request.getName().getValue()));
          } else if (request.hasUuid()) {
            add(list, Optional.of(existing(Uuids.parse(request.getUuid().getValue()))));
          } else {
            for (var nexus : nexuses.all()) add(list, Optional.of(nexus));
          }
          return list.build();
        });
  }

  private static void add(ListNexusResponse.Builder list, Optional<Nexus> nexus) {
    nexus
        .filter(made -> made.state() != NexusState.INIT)
        .ifPresent(made -> list.addNexusList(NexusMessages.message(made)));
  }

  @Override
  public void publishNexus(
      PublishNexusRequest request, StreamObserver<PublishNexusResponse> observer) {
    answer(
        observer,
        () -> {
          int keyLength = request.getKeyBytes().size();
          if (keyLength != 0 && keyLength != KEY_LENGTH) {
            throw Answers.invalid(
                "Nexus %s was not published: its key has %d bytes. Give %d or none."
                    .formatted(request.getUuid(), keyLength, KEY_LENGTH));
          }
          if (request.getShare() != ShareProtocol.NVMF) {
            throw Answers.invalid(
                "Nexus %s was not published: protocol %s is not offered. Publish it by NVMF."
                    .formatted(request.getUuid(), request.getShare()));
          }
          var uuid = Uuids.parse(request.getUuid());
          var hosts =
              Hosts.checked(
                  request.getAllowedHostsList(), "Nexus %s was not published".formatted(uuid));
          try (var _ = locks.lock(uuid)) {
            var nexus = existing(uuid);
            nexus.publish(hosts);
            return PublishNexusResponse.newBuilder().setNexus(NexusMessages.message(nexus)).build();
          }
        });
  }

  @Override
  public void unpublishNexus(
      UnpublishNexusRequest request, StreamObserver<UnpublishNexusResponse> observer) {
    answer(
        observer,
        () -> {
          var uuid = Uuids.parse(request.getUuid());
          try (var _ = locks.lock(uuid)) {
            var nexus = existing(uuid);
            nexus.unpublish();
            return UnpublishNexusResponse.newBuilder()
                .setNexus(NexusMessages.message(nexus))
                .build();
          }
        });
  }

  @Override
  public void shutdownNexus(
      ShutdownNexusRequest request, StreamObserver<ShutdownNexusResponse> observer) {
    answer(
        observer,
        () -> {
          var uuid = Uuids.parse(request.getUuid());
          try (var _ = locks.lock(uuid)) {
            var nexus = existing(uuid);
            nexus.shutdown();
            return ShutdownNexusResponse.newBuilder()
                .setNexus(NexusMessages.message(nexus))
                .build();
          }
        });
  }

  private Nexus existing(UUID uuid) throws StatusException {
    return nexuses
        .findByUuid(uuid)
        .orElseThrow(
            () ->
                Answers.notFound(
                    "Nexus %s was not found. List the nexuses of this node.".formatted(uuid)));
  }
}
