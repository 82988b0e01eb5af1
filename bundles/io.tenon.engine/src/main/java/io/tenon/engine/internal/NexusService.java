package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.AddChildNexusRequest;
import io.tenon.engine.api.AddChildNexusResponse;
import io.tenon.engine.api.ChildOperationRequest;
import io.tenon.engine.api.ChildOperationResponse;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreateNexusResponse;
import io.tenon.engine.api.DestroyNexusRequest;
import io.tenon.engine.api.FaultNexusChildRequest;
import io.tenon.engine.api.FaultNexusChildResponse;
import io.tenon.engine.api.GetNvmeAnaStateRequest;
import io.tenon.engine.api.GetNvmeAnaStateResponse;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListNexusResponse;
import io.tenon.engine.api.ListRebuildHistoryRequest;
import io.tenon.engine.api.ListRebuildHistoryResponse;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.engine.api.PauseRebuildRequest;
import io.tenon.engine.api.PauseRebuildResponse;
import io.tenon.engine.api.PublishNexusRequest;
import io.tenon.engine.api.PublishNexusResponse;
import io.tenon.engine.api.RebuildHistoryRequest;
import io.tenon.engine.api.RebuildHistoryResponse;
import io.tenon.engine.api.RebuildStateRequest;
import io.tenon.engine.api.RebuildStateResponse;
import io.tenon.engine.api.RebuildStatsRequest;
import io.tenon.engine.api.RebuildStatsResponse;
import io.tenon.engine.api.RemoveChildNexusRequest;
import io.tenon.engine.api.RemoveChildNexusResponse;
import io.tenon.engine.api.ResizeNexusRequest;
import io.tenon.engine.api.ResizeNexusResponse;
import io.tenon.engine.api.ResumeRebuildRequest;
import io.tenon.engine.api.ResumeRebuildResponse;
import io.tenon.engine.api.SetNvmeAnaStateRequest;
import io.tenon.engine.api.SetNvmeAnaStateResponse;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShutdownNexusRequest;
import io.tenon.engine.api.ShutdownNexusResponse;
import io.tenon.engine.api.StartRebuildRequest;
import io.tenon.engine.api.StartRebuildResponse;
import io.tenon.engine.api.StopRebuildRequest;
import io.tenon.engine.api.StopRebuildResponse;
import io.tenon.engine.api.UnpublishNexusRequest;
import io.tenon.engine.api.UnpublishNexusResponse;
import io.tenon.error.TenonException;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.Nexuses;
import io.tenon.nexus.RebuildInfo;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;

/** {@code mayastor.v1.NexusRpc}: nexuses, their children and rebuilds. */
final class NexusService extends NexusRpcGrpc.NexusRpcImplBase {
  /** Length of an encryption key, from the days of iSCSI; accepted and not used. */
  private static final int KEY_LENGTH = 16;

  private final Nexuses nexuses;
  private final Locks locks;
  private final InstantSource clock;

  NexusService(Nexuses nexuses, long defaultDeadlineMs, InstantSource clock) {
    this.nexuses = nexuses;
    this.clock = clock;
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
    var reservation = ReservationRequest.claim(request);
    return new NexusSpec(
        request.getName(),
        Uuids.parse(request.getUuid()),
        request.getSize(),
        request.getChildrenList(),
        request.getMinCntlId(),
        request.getMaxCntlId(),
        ReadPolicy.LOCAL_FIRST,
        Optional.of(request.getNexusInfoKey()).filter(key -> !key.isEmpty()),
        reservation);
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

  // ---- what hosts see

  @Override
  public void getNvmeAnaState(
      GetNvmeAnaStateRequest request, StreamObserver<GetNvmeAnaStateResponse> observer) {
    answer(
        observer,
        () -> {
          var nexus = existing(Uuids.parse(request.getUuid()));
          var state =
              nexus
                  .anaState()
                  .orElseThrow(
                      () ->
                          Answers.invalid(
                              "Nexus %s has no ANA state: it is not published."
                                  .formatted(nexus.name())));
          return GetNvmeAnaStateResponse.newBuilder()
              .setAnaState(NexusMessages.message(state))
              .build();
        });
  }

  @Override
  public void setNvmeAnaState(
      SetNvmeAnaStateRequest request, StreamObserver<SetNvmeAnaStateResponse> observer) {
    answer(
        observer,
        () -> {
          var state = NexusMessages.anaState(Uuids.parse(request.getUuid()), request);
          return SetNvmeAnaStateResponse.newBuilder()
              .setNexus(change(request.getUuid(), nexus -> nexus.anaState(state)))
              .build();
        });
  }

  @Override
  public void resizeNexus(
      ResizeNexusRequest request, StreamObserver<ResizeNexusResponse> observer) {
    answer(
        observer,
        () ->
            ResizeNexusResponse.newBuilder()
                .setNexus(
                    change(request.getUuid(), nexus -> nexus.resize(request.getRequestedSize())))
                .build());
  }

  // ---- children

  /** A change of a nexus. */
  private interface Change {
    void make(Nexus nexus) throws TenonException, StatusException;
  }

  /**
   * @return the nexus as it is then
   */
  private io.tenon.engine.api.Nexus change(String uuidText, Change change)
      throws TenonException, StatusException {
    var uuid = Uuids.parse(uuidText);
    try (var _ = locks.lock(uuid)) {
      var nexus = existing(uuid);
      change.make(nexus);
      return NexusMessages.message(nexus);
    }
  }

  @Override
  public void addChildNexus(
      AddChildNexusRequest request, StreamObserver<AddChildNexusResponse> observer) {
    answer(
        observer,
        () ->
            AddChildNexusResponse.newBuilder()
                .setNexus(
                    change(
                        request.getUuid(),
                        nexus -> nexus.addChild(request.getUri(), !request.getNorebuild())))
                .build());
  }

  @Override
  public void removeChildNexus(
      RemoveChildNexusRequest request, StreamObserver<RemoveChildNexusResponse> observer) {
    answer(
        observer,
        () ->
            RemoveChildNexusResponse.newBuilder()
                .setNexus(change(request.getUuid(), nexus -> nexus.removeChild(request.getUri())))
                .build());
  }

  @Override
  public void faultNexusChild(
      FaultNexusChildRequest request, StreamObserver<FaultNexusChildResponse> observer) {
    answer(
        observer,
        () ->
            FaultNexusChildResponse.newBuilder()
                .setNexus(
                    change(
                        request.getUuid(),
                        nexus -> nexus.faultChild(request.getUri(), Fault.PERMANENT)))
                .build());
  }

  @Override
  public void childOperation(
      ChildOperationRequest request, StreamObserver<ChildOperationResponse> observer) {
    answer(
        observer,
        () -> {
          String uri = request.getUri();
          Change operation =
              switch (request.getAction()) {
                case Offline -> nexus -> nexus.faultChild(uri, Fault.OFFLINE);
                case Online -> nexus -> nexus.onlineChild(uri);
                case FaultIOError -> nexus -> nexus.faultChild(uri, Fault.IO_ERROR);
                case OfflinePermanent -> nexus -> nexus.faultChild(uri, Fault.PERMANENT);
                case UNRECOGNIZED ->
                    throw Answers.invalid(
                        "Child %s was not changed: action %d is unknown."
                            .formatted(uri, request.getActionValue()));
              };
          return ChildOperationResponse.newBuilder()
              .setNexus(change(request.getNexusUuid(), operation))
              .build();
        });
  }

  // ---- rebuilds

  @Override
  public void startRebuild(
      StartRebuildRequest request, StreamObserver<StartRebuildResponse> observer) {
    answer(
        observer,
        () ->
            StartRebuildResponse.newBuilder()
                .setNexus(
                    change(request.getNexusUuid(), nexus -> nexus.startRebuild(request.getUri())))
                .build());
  }

  @Override
  public void stopRebuild(
      StopRebuildRequest request, StreamObserver<StopRebuildResponse> observer) {
    answer(
        observer,
        () ->
            StopRebuildResponse.newBuilder()
                .setNexus(
                    change(request.getNexusUuid(), nexus -> nexus.stopRebuild(request.getUri())))
                .build());
  }

  @Override
  public void pauseRebuild(
      PauseRebuildRequest request, StreamObserver<PauseRebuildResponse> observer) {
    answer(
        observer,
        () ->
            PauseRebuildResponse.newBuilder()
                .setNexus(
                    change(request.getNexusUuid(), nexus -> nexus.pauseRebuild(request.getUri())))
                .build());
  }

  @Override
  public void resumeRebuild(
      ResumeRebuildRequest request, StreamObserver<ResumeRebuildResponse> observer) {
    answer(
        observer,
        () ->
            ResumeRebuildResponse.newBuilder()
                .setNexus(
                    change(request.getNexusUuid(), nexus -> nexus.resumeRebuild(request.getUri())))
                .build());
  }

  @Override
  public void getRebuildState(
      RebuildStateRequest request, StreamObserver<RebuildStateResponse> observer) {
    answer(
        observer,
        () ->
            RebuildStateResponse.newBuilder()
                .setState(
                    RebuildMessages.word(rebuild(request.getNexusUuid(), request.getUri()).state()))
                .build());
  }

  @Override
  public void getRebuildStats(
      RebuildStatsRequest request, StreamObserver<RebuildStatsResponse> observer) {
    answer(
        observer, () -> RebuildMessages.stats(rebuild(request.getNexusUuid(), request.getUri())));
  }

  private RebuildInfo rebuild(String nexusUuid, String childUri) throws StatusException {
    var nexus = existing(Uuids.parse(nexusUuid));
    return nexus.rebuilds().stream()
        .filter(rebuild -> rebuild.childUri().equals(childUri))
        .findFirst()
        .orElseThrow(
            () ->
                Answers.notFound(
                    "Child %s of nexus %s is not being rebuilt. Read the rebuild history."
                        .formatted(childUri, nexusUuid)));
  }

  @Override
  public void getRebuildHistory(
      RebuildHistoryRequest request, StreamObserver<RebuildHistoryResponse> observer) {
    answer(
        observer,
        () -> {
          var nexus = existing(Uuids.parse(request.getUuid()));
          return RebuildMessages.history(nexus, nexus.rebuildHistory());
        });
  }

  /** Of each nexus the newest, {@code count} of them, that ended after {@code since_end_time}. */
  @Override
  public void listRebuildHistory(
      ListRebuildHistoryRequest request, StreamObserver<ListRebuildHistoryResponse> observer) {
    answer(
        observer,
        () -> {
          var since =
              request.hasSinceEndTime()
                  ? RebuildMessages.instant(request.getSinceEndTime())
                  : Instant.MIN;
          long most =
              request.hasCount() ? Integer.toUnsignedLong(request.getCount()) : Long.MAX_VALUE;
          var list = ListRebuildHistoryResponse.newBuilder();
          var newest = Instant.MIN;
          for (var nexus : nexuses.all()) {
            var ended =
                nexus.rebuildHistory().stream()
                    .filter(rebuild -> rebuild.endedAt().orElseThrow().isAfter(since))
                    .limit(most)
                    .toList();
            for (var rebuild : ended) {
              var end = rebuild.endedAt().orElseThrow();
              if (end.isAfter(newest)) newest = end;
            }
            list.putHistories(nexus.uuid().toString(), RebuildMessages.history(nexus, ended));
          }
          if (newest.equals(Instant.MIN)) newest = clock.instant();
          return list.setEndTime(NexusMessages.timestamp(newest)).build();
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
