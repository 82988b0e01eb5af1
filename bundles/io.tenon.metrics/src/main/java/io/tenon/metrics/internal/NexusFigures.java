package io.tenon.metrics.internal;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.Nexuses;
import java.util.ArrayList;
import java.util.Locale;

/** {@code volume_}, as Mayastor's exporter has it; and how each nexus and its children are, which that one does not tell. */
final class NexusFigures {
  private static final String STATE = "tenon_nexus_state";

  private NexusFigures() {}

  /** The name that Kubernetes' provisioner gives the volume of an entity or a nexus. */
  static String persistentVolume(String name) {
    return "pvc-" + name;
  }

  static void add(MetricSnapshots.Builder to, String node, Nexuses nexuses) {
    var volumes = new ArrayList<IoFigures.Io>();
    var states = StateSetSnapshot.builder().name(STATE).help("State of a nexus");
    var children =
        GaugeSnapshot.builder().name("tenon_nexus_children").help("Children of a nexus by state");
    var rebuilds =
        GaugeSnapshot.builder().name("tenon_nexus_rebuilds").help("Rebuilds under way in a nexus");
    for (Nexus nexus : nexuses.all()) {
      volumes.add(
          IoFigures.Io.of(
              Labels.of("node", node, "pv_name", persistentVolume(nexus.name())), nexus.device()));
      var labels = Labels.of("node", node, "name", nexus.name());
      states.dataPoint(states(labels, nexus.state()));
      for (ChildState state : ChildState.values()) {
        double inIt = nexus.children().stream().filter(child -> child.state() == state).count();
        children.dataPoint(
            Family.gauge(labels.add("state", state.name().toLowerCase(Locale.ROOT)), inIt));
      }
      rebuilds.dataPoint(Family.gauge(labels, nexus.rebuilds().size()));
    }
    IoFigures.add(to, "volume", volumes);
    to.metricSnapshot(states.build());
    to.metricSnapshot(children.build());
    to.metricSnapshot(rebuilds.build());
  }

  private static StateSetDataPointSnapshot states(Labels labels, NexusState now) {
    var states = StateSetDataPointSnapshot.builder().labels(labels);
    for (NexusState state : NexusState.values()) {
      states.state(state.name().toLowerCase(Locale.ROOT), state == now);
    }
    return states.build();
  }
}
