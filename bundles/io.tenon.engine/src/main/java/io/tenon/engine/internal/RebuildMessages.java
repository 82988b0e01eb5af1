package io.tenon.engine.internal;

import com.google.protobuf.Timestamp;
import io.tenon.engine.api.RebuildHistoryRecord;
import io.tenon.engine.api.RebuildHistoryResponse;
import io.tenon.engine.api.RebuildJobState;
import io.tenon.engine.api.RebuildStatsResponse;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RebuildState;
import java.time.Instant;
import java.util.List;

/** Rebuilds as API v1 shows them. */
final class RebuildMessages {
  /** The years that protobuf allows, and many more. */
  private static final long EPOCH_SECONDS = 1L << 40;

  private RebuildMessages() {}

  /** Beyond what this clock can tell, its end. */
  static Instant instant(Timestamp at) {
    long seconds = Math.clamp(at.getSeconds(), -EPOCH_SECONDS, EPOCH_SECONDS);
    return Instant.ofEpochSecond(seconds, at.getNanos());
  }

  /** In the words of {@code GetRebuildState}. */
  static String word(RebuildState state) {
    return switch (state) {
      case INIT -> "init";
      case RUNNING -> "running";
      case PAUSED -> "paused";
      case STOPPED -> "stopped";
      case FAILED -> "failed";
      case COMPLETED -> "completed";
    };
  }

  private static RebuildJobState state(RebuildState state) {
    return switch (state) {
      case INIT -> RebuildJobState.Init;
      case RUNNING -> RebuildJobState.Rebuilding;
      case PAUSED -> RebuildJobState.Paused;
      case STOPPED -> RebuildJobState.Stopped;
      case FAILED -> RebuildJobState.Failed;
      case COMPLETED -> RebuildJobState.Completed;
    };
  }

  static RebuildStatsResponse stats(RebuildInfo rebuild) {
    return RebuildStatsResponse.newBuilder()
        .setBlocksTotal(rebuild.blocksTotal())
        .setBlocksRecovered(rebuild.blocksRecovered())
        .setBlocksTransferred(rebuild.blocksTransferred())
        .setBlocksRemaining(rebuild.blocksRemaining())
        .setProgress(rebuild.progress())
        .setBlocksPerTask(rebuild.blocksPerTask())
        .setBlockSize(rebuild.blockBytes())
        .setTasksTotal(rebuild.tasksTotal())
        .setTasksActive(rebuild.tasksActive())
        .setIsPartial(rebuild.partial())
        .setStartTime(NexusMessages.timestamp(rebuild.startedAt()))
        .build();
  }

  /** Newest first, as they are given. */
  static RebuildHistoryResponse history(Nexus nexus, List<RebuildInfo> rebuilds) {
    var message =
        RebuildHistoryResponse.newBuilder().setUuid(nexus.uuid().toString()).setName(nexus.name());
    for (var rebuild : rebuilds) message.addRecords(entry(rebuild));
    return message.build();
  }

  private static RebuildHistoryRecord entry(RebuildInfo rebuild) {
    var message =
        RebuildHistoryRecord.newBuilder()
            .setChildUri(rebuild.childUri())
            .setSrcUri(rebuild.sourceUri().orElse(""))
            .setState(state(rebuild.state()))
            .setBlocksTotal(rebuild.blocksTotal())
            .setBlocksRecovered(rebuild.blocksRecovered())
            .setBlocksTransferred(rebuild.blocksTransferred())
            .setBlocksRemaining(rebuild.blocksRemaining())
            .setBlocksPerTask(rebuild.blocksPerTask())
            .setBlockSize(rebuild.blockBytes())
            .setIsPartial(rebuild.partial())
            .setStartTime(NexusMessages.timestamp(rebuild.startedAt()));
    rebuild.endedAt().ifPresent(at -> message.setEndTime(NexusMessages.timestamp(at)));
    return message.build();
  }
}
