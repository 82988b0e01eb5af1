package io.tenon.engine.internal;

import com.google.protobuf.Timestamp;
import io.tenon.engine.api.Child;
import io.tenon.engine.api.ChildState;
import io.tenon.engine.api.ChildStateReason;
import io.tenon.engine.api.Nexus;
import io.tenon.engine.api.NexusState;
import io.tenon.engine.api.NvmeAnaState;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nvme.AnaState;
import java.time.Instant;
import java.util.List;

/** Nexuses as API v1 shows them. */
final class NexusMessages {
  private static final int NO_REBUILD = -1;

  private NexusMessages() {}

  static Nexus message(io.tenon.nexus.Nexus nexus) {
    var message =
        Nexus.newBuilder()
            .setName(nexus.name())
            .setUuid(nexus.uuid().toString())
            .setSize(nexus.sizeBytes())
            .setState(state(nexus.state()))
            .setDeviceUri(nexus.shareUri().orElse(""))
            .setAnaState(
                nexus
                    .anaState()
                    .map(NexusMessages::message)
                    .orElse(NvmeAnaState.NVME_ANA_INVALID_STATE))
            .addAllAllowedHosts(nexus.allowedHosts());
    var rebuilds = nexus.rebuilds();
    message.setRebuilds(rebuilds.size());
    for (var child : nexus.children()) message.addChildren(message(child, rebuilds));
    return message.build();
  }

  static NvmeAnaState message(AnaState state) {
    return switch (state) {
      case OPTIMIZED -> NvmeAnaState.NVME_ANA_OPTIMIZED_STATE;
      case NON_OPTIMIZED -> NvmeAnaState.NVME_ANA_NON_OPTIMIZED_STATE;
      case INACCESSIBLE -> NvmeAnaState.NVME_ANA_INACCESSIBLE_STATE;
    };
  }

  private static NexusState state(io.tenon.nexus.NexusState state) {
    return switch (state) {
      case INIT -> NexusState.NEXUS_UNKNOWN;
      case ONLINE -> NexusState.NEXUS_ONLINE;
      case DEGRADED -> NexusState.NEXUS_DEGRADED;
      case FAULTED -> NexusState.NEXUS_FAULTED;
      case SHUTTING_DOWN -> NexusState.NEXUS_SHUTTING_DOWN;
      case SHUTDOWN -> NexusState.NEXUS_SHUTDOWN;
    };
  }

  private static Child message(ChildInfo child, List<RebuildInfo> rebuilds) {
    var message =
        Child.newBuilder()
            .setUri(child.uri())
            .setState(state(child))
            .setStateReason(reason(child))
            .setHasIoLog(child.hasLog())
            .setRebuildProgress(
                rebuilds.stream()
                    .filter(rebuild -> rebuild.childUri().equals(child.uri()))
                    .findFirst()
                    .map(RebuildInfo::progress)
                    .orElse(NO_REBUILD));
    child.deviceName().ifPresent(message::setDeviceName);
    child.faultedAt().ifPresent(at -> message.setFaultTimestamp(timestamp(at)));
    return message.build();
  }

  /** A child without space, or taken out by a client for a while, counts as degraded: it can come back as it is. */
  private static ChildState state(ChildInfo child) {
    return switch (child.state()) {
      case OPENING, CLOSED, OUT_OF_SYNC -> ChildState.CHILD_STATE_DEGRADED;
      case OPEN -> ChildState.CHILD_STATE_ONLINE;
      case FAULTED ->
          switch (child.reason()) {
            case NO_SPACE, OUT_OF_SYNC -> ChildState.CHILD_STATE_DEGRADED;
            case BY_CLIENT ->
                child.mayReturn()
                    ? ChildState.CHILD_STATE_DEGRADED
                    : ChildState.CHILD_STATE_FAULTED;
            case NONE,
                CANNOT_OPEN,
                CONFIG_INVALID,
                REBUILD_FAILED,
                IO_FAILURE,
                TIMED_OUT,
                ADMIN_FAILED ->
                ChildState.CHILD_STATE_FAULTED;
          };
    };
  }

  private static ChildStateReason reason(ChildInfo child) {
    return switch (child.state()) {
      case OPENING -> ChildStateReason.CHILD_STATE_REASON_INIT;
      case CLOSED -> ChildStateReason.CHILD_STATE_REASON_CLOSED;
      case OPEN -> ChildStateReason.CHILD_STATE_REASON_NONE;
      case OUT_OF_SYNC -> ChildStateReason.CHILD_STATE_REASON_OUT_OF_SYNC;
      case FAULTED -> reason(child.reason());
    };
  }

  private static ChildStateReason reason(ChildReason reason) {
    return switch (reason) {
      case NONE -> ChildStateReason.CHILD_STATE_REASON_NONE;
      case CANNOT_OPEN -> ChildStateReason.CHILD_STATE_REASON_CANNOT_OPEN;
      case CONFIG_INVALID -> ChildStateReason.CHILD_STATE_REASON_CONFIG_INVALID;
      case REBUILD_FAILED -> ChildStateReason.CHILD_STATE_REASON_REBUILD_FAILED;
      case IO_FAILURE -> ChildStateReason.CHILD_STATE_REASON_IO_FAILURE;
      case BY_CLIENT -> ChildStateReason.CHILD_STATE_REASON_BY_CLIENT;
      case OUT_OF_SYNC -> ChildStateReason.CHILD_STATE_REASON_OUT_OF_SYNC;
      case NO_SPACE -> ChildStateReason.CHILD_STATE_REASON_NO_SPACE;
      case TIMED_OUT -> ChildStateReason.CHILD_STATE_REASON_TIMED_OUT;
      case ADMIN_FAILED -> ChildStateReason.CHILD_STATE_REASON_ADMIN_FAILED;
    };
  }

  static Timestamp timestamp(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }
}
