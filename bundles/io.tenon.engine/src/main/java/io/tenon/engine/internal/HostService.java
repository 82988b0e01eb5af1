package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.BackCompatMayastorFeatures;
import io.tenon.engine.api.GetMayastorResourceUsageResponse;
import io.tenon.engine.api.HostRpcGrpc;
import io.tenon.engine.api.ListBlockDevicesRequest;
import io.tenon.engine.api.ListBlockDevicesResponse;
import io.tenon.engine.api.ListNvmeControllersResponse;
import io.tenon.engine.api.MayastorInfoResponse;
import io.tenon.engine.api.NvmeController;
import io.tenon.engine.api.NvmeControllerIoStats;
import io.tenon.engine.api.NvmeControllerState;
import io.tenon.engine.api.StatNvmeControllerRequest;
import io.tenon.engine.api.StatNvmeControllerResponse;
import io.tenon.linux.ResourceUsage;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.InitiatorControllers.Controller;
import java.util.List;

/** {@code mayastor.v1.HostRpc}: the node itself. */
final class HostService extends HostRpcGrpc.HostRpcImplBase {
  private final NodeIdentity identity;
  private final List<InitiatorControllers> initiators;
  private final SystemDisks disks;

  /**
   * @param initiators may come and go with their transports
   */
  HostService(NodeIdentity identity, List<InitiatorControllers> initiators, SystemDisks disks) {
    this.identity = identity;
    this.initiators = initiators;
    this.disks = disks;
  }

  @Override
  public void getMayastorInfo(Empty request, StreamObserver<MayastorInfoResponse> observer) {
    answer(
        observer,
        () ->
            MayastorInfoResponse.newBuilder()
                .setVersion(identity.version())
                .setPreviousFeatures(
                    BackCompatMayastorFeatures.newBuilder()
                        .setAsymmetricNamespaceAccess(identity.reportsAna()))
                .setRegistrationInfo(identity.registration())
                .build());
  }

  @Override
  public void listBlockDevices(
      ListBlockDevicesRequest request, StreamObserver<ListBlockDevicesResponse> observer) {
    answer(
        observer,
        () ->
            ListBlockDevicesResponse.newBuilder()
                .addAllDevices(disks.list(request.getAll()))
                .build());
  }

  @Override
  public void getMayastorResourceUsage(
      Empty request, StreamObserver<GetMayastorResourceUsageResponse> observer) {
    answer(
        observer,
        () -> {
          var usage = ResourceUsage.ofThisProcess();
          return GetMayastorResourceUsageResponse.newBuilder()
              .setUsage(
                  io.tenon.engine.api.ResourceUsage.newBuilder()
                      .setSoftFaults(usage.softFaults())
                      .setHardFaults(usage.hardFaults())
                      .setSwaps(usage.swaps())
                      .setInBlockOps(usage.inBlocks())
                      .setOutBlockOps(usage.outBlocks())
                      .setIpcMsgSend(usage.messagesSent())
                      .setIpcMsgRcv(usage.messagesReceived())
                      .setSignals(usage.signals())
                      .setVolCsw(usage.voluntarySwitches())
                      .setInvolCsw(usage.involuntarySwitches()))
              .build();
        });
  }

  @Override
  public void listNvmeControllers(
      Empty request, StreamObserver<ListNvmeControllersResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListNvmeControllersResponse.newBuilder();
          for (var controller : controllers()) {
            list.addControllers(
                NvmeController.newBuilder()
                    .setName(controller.name())
                    .setState(state(controller.state()))
                    .setSize(controller.sizeBytes())
                    .setBlkSize(controller.blockBytes()));
          }
          return list.build();
        });
  }

  @Override
  public void statNvmeController(
      StatNvmeControllerRequest request, StreamObserver<StatNvmeControllerResponse> observer) {
    answer(
        observer,
        () -> {
          for (var controller : controllers()) {
            if (!controller.name().equals(request.getName())) continue;
            var stats = controller.stats();
            return StatNvmeControllerResponse.newBuilder()
                .setStats(
                    NvmeControllerIoStats.newBuilder()
                        .setNumReadOps(stats.readOps())
                        .setNumWriteOps(stats.writeOps())
                        .setNumUnmapOps(stats.unmapOps())
                        .setBytesRead(stats.bytesRead())
                        .setBytesWritten(stats.bytesWritten())
                        .setBytesUnmapped(stats.bytesUnmapped()))
                .build();
          }
          throw Answers.notFound(
              "NVMe controller %s was not found. List the controllers of this node."
                  .formatted(request.getName()));
        });
  }

  private List<Controller> controllers() {
    return initiators.stream().flatMap(initiator -> initiator.controllers().stream()).toList();
  }

  private static NvmeControllerState state(InitiatorControllers.State state) {
    return switch (state) {
      case NEW -> NvmeControllerState.NEW;
      case INITIALIZING -> NvmeControllerState.INITIALIZING;
      case RUNNING -> NvmeControllerState.RUNNING;
      case FAULTED -> NvmeControllerState.FAULTED;
      case UNCONFIGURING -> NvmeControllerState.UNCONFIGURING;
      case UNCONFIGURED -> NvmeControllerState.UNCONFIGURED;
    };
  }
}
